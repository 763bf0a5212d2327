// Where else a client can be looked at: its screen, the page of its lab, its WebRTC numbers.

// Of each its name, and either an address, or the command that opens it on the machine that runs the lab. `hostname` and
// `port` are those of the page. In the lab's network, an API has its own port, 80: there, ports of the host lead nowhere.
export function placesOf({ name, lab, screen_port: screen }, { hostname, port }) {
  const known = screen > 0 && port !== "";
  const ofScreen = known ? { address: `vnc://${hostname}:${screen}` } : { command: `synthlab open ${name} --screen --lab ${lab}` };
  return [
    ...(screen === null ? [] : [{ name: "Screen", ...ofScreen }]),
    ...(lab ? [{ name: "Page of the lab", command: "synthlab dashboard" }] : []),
    { name: "WebRTC numbers", address: "/v1/stats" },
  ];
}
