/** What RFC 6750 lets a bearer token be, of 32 characters at least. */
const TOKEN = /^[A-Za-z0-9._~+/-]{32,512}={0,2}$/;

/** The tokens of a list, with spaces, commas or lines between them; `bad` is how many are none, or too short. */
export function tokensIn(text: string): { readonly good: readonly string[]; readonly bad: number } {
  const all = text.split(/[\s,]+/).filter((one) => one !== "");
  const good = all.filter((one) => TOKEN.test(one));
  return { good, bad: all.length - good.length };
}
