// The grid of tiles, one per participant: video, name, frame rate and bit rate.

import { Meter } from "./meter.js";

const GAP = 12; // px, as in style.css
const SHAPE = 4 / 3;
const MOST_WIDTH = 320; // px, of the video by default: drawing a larger tile costs a software renderer twice as much

export class Grid {
  #element;
  #self;
  #tiles = new Map(); // name -> Tile

  constructor(element, self) {
    this.#element = element;
    this.#self = self;
    new ResizeObserver(() => this.#arrange()).observe(element);
    setInterval(() => this.#tiles.forEach((tile) => tile.measure()), 1_000);
  }

  get size() {
    return this.#tiles.size;
  }

  /** Show a participant's call; null removes the tile. */
  set(name, call) {
    const tile = this.#tiles.get(name);
    if (!call) {
      tile?.element.remove();
      this.#tiles.delete(name);
    } else if (tile) {
      tile.show(call);
    } else {
      const added = new Tile(name, name === this.#self);
      this.#tiles.set(name, added);
      this.#insert(added);
      added.show(call);
    }
    this.#arrange();
  }

  /** Own tile first, then by name, so that all clients of a lab show the same order. */
  #insert(tile) {
    const order = (one, other) =>
      (other.name === this.#self) - (one.name === this.#self) ||
      one.name.localeCompare(other.name, undefined, { numeric: true });
    this.#tiles = new Map([...this.#tiles].sort(([, one], [, other]) => order(one, other)));
    const tiles = [...this.#tiles.values()];
    const next = tiles[tiles.indexOf(tile) + 1];
    this.#element.insertBefore(tile.element, next?.element ?? null); // move no other tile: moving a video stops it
  }

  /** Choose the number of columns that makes the tiles largest; of several, that of the squarest grid. */
  #arrange() {
    const { clientWidth: width, clientHeight: height } = this.#element;
    const count = this.#tiles.size || 1;
    const tileWidth = (columns) => {
      const rows = Math.ceil(count / columns);
      const across = (width - GAP * (columns - 1)) / columns;
      const down = (height - GAP * (rows - 1)) / rows;
      return Math.min(across, down * SHAPE, MOST_WIDTH);
    };
    const choices = Array.from({ length: count }, (_, index) => index + 1);
    const squarest = Math.ceil(Math.sqrt(count));
    const columns = choices.reduce((best, one) => (tileWidth(one) > tileWidth(best) ? one : best), squarest);
    this.#element.style.setProperty("--tile", `${Math.max(120, Math.floor(tileWidth(columns)))}px`);
    this.#element.style.setProperty("--columns", columns);
  }
}

class Tile {
  name;
  element;
  #video;
  #figures;
  #meter;
  #connection;

  constructor(name, own) {
    this.name = name;
    this.element = document.getElementById("tile").content.firstElementChild.cloneNode(true);
    this.element.classList.toggle("own", own);
    this.element.querySelector(".name").textContent = name;
    this.#figures = this.element.querySelector(".figures");
    this.#video = this.element.querySelector("video");
    this.#video.muted = own;
  }

  show({ stream, connection }) {
    if (this.#connection !== connection) {
      this.#connection = connection;
      this.#meter = new Meter(connection);
    }
    if (this.#video.srcObject === stream) return;
    this.#video.srcObject = stream;
    this.#video.play().catch(() => this.#playSilently());
  }

  async measure() {
    const figures = await this.#meter.read().catch(() => null);
    this.#figures.textContent = figures
      ? `${figures.fps.toFixed(0)} fps · ${figures.kbps.toFixed(0)} kbit/s`
      : "connecting…";
    this.element.classList.toggle("frozen", figures?.fps === 0);
  }

  /** With the default autoplay policy a browser plays sound only after a click. */
  #playSilently() {
    this.#video.muted = true;
    this.#video.play().catch(() => {});
    document.addEventListener("click", () => (this.#video.muted = this.element.classList.contains("own")), {
      once: true,
    });
  }
}
