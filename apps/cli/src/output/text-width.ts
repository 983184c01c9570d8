const ASCII = /^[\x20-\x7e]*$/;
/** Letters of East Asia and pictures, which take two columns of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u;

/** How many columns of a terminal a text takes that has been cleaned. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  return [...text].reduce((sum, one) => sum + (/\p{M}/u.test(one) ? 0 : WIDE.test(one) ? 2 : 1), 0);
}
