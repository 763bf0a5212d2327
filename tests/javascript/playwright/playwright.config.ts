// A plain object: what is installed lies below javascript/, and cannot be imported from here.
export default {
  retries: 1,
  outputDir: process.env.OUTPUT,
  reporter: [["json", { outputFile: process.env.RESULTS }]],
};
