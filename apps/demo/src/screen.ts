const COLUMNS = 80;

/** Where the demo writes: lines that stay, and on a terminal one last line that is kept up to date. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #status = "";
  #statusAt = Number.NEGATIVE_INFINITY;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Prints a line with the time since the start. */
  say(text: string): void {
    this.#printWrapped(`${this.#elapsed()}  `, text);
  }

  /** Prints a text of several words, indented. */
  paragraph(text: string): void {
    this.#printWrapped("  ", text);
  }

  /** Prints text as it is. */
  print(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
    if (this.#out.isTTY) this.#out.write(this.#status);
  }

  /** The live line. Where there is no terminal it is printed once a second instead. */
  status(text: string): void {
    if (this.#out.isTTY) {
      this.#clear();
      const line = `${this.#elapsed()}  ${text}`;
      // A terminal that does not know its width says 0.
      this.#status = line.slice(0, Math.max(20, (this.#out.columns || 80) - 1));
      this.#out.write(this.#status);
    } else if (performance.now() - this.#statusAt >= 1000) {
      this.#statusAt = performance.now();
      this.say(text);
    }
  }

  /** Takes the live line away. */
  endStatus(): void {
    this.#clear();
    this.#status = "";
  }

  #printWrapped(head: string, text: string): void {
    let line = head;
    for (const word of text.split(" ")) {
      const isFirst = line.length === head.length;
      if (!isFirst && line.length + 1 + word.length > COLUMNS) {
        this.print(line);
        line = " ".repeat(head.length) + word;
      } else {
        line += isFirst ? word : ` ${word}`;
      }
    }
    this.print(line);
  }

  #clear(): void {
    if (this.#out.isTTY && this.#status !== "") this.#out.write("\r\x1b[2K");
  }

  #elapsed(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(6)} s`;
  }
}
