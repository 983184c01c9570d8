/** Ends the reading of a text. Never leaves `inspect`, so it is no error with a stack. */
export class Unreadable {
  /** Where, in UTF-16 code units. */
  readonly at: number;
  /** A sentence. It never has a literal of the text in it, which may be personal data. */
  readonly why: string;
  readonly construct: string;

  constructor(at: number, why: string, construct = "a statement that was not understood") {
    this.at = at;
    this.why = why;
    this.construct = construct;
  }
}
