/** A text of JSON with comments and trailing commas, without these. */
export function withoutComments(text: string): string {
  const tokens: string[] = [];
  // the position of a comma that only space has followed so far
  let comma = -1;
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at);
    const token = text.slice(at, end);
    at = end;
    if (/^\/[/*]/.test(token)) continue;
    if (comma >= 0 && /^[}\]]/.test(token)) tokens[comma] = ' ';
    if (token.trim() !== '') comma = token === ',' ? tokens.length : -1;
    tokens.push(token);
  }
  return tokens.join('');
}

/** Characters of which each is a token of its own: they begin or end something. */
const special = /["/,{}[\]\s]/g;

/** Where the string, the comment or the run of other characters that begins at `at` ends. */
function endOfToken(text: string, at: number): number {
  if (text[at] === '"') {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === '\\') end++;
      else if (text[end] === '"') return end + 1;
    }
    return text.length;
  }
  const close = text.startsWith('//', at) ? '\n' : text.startsWith('/*', at) ? '*/' : undefined;
  if (close === undefined) {
    if (/[,{}[\]\s]/.test(text[at] as string)) return at + 1;
    special.lastIndex = at + 1;
    return special.exec(text)?.index ?? text.length;
  }
  const end = text.indexOf(close, at + 2);
  return end < 0 ? text.length : end + (close === '\n' ? 0 : 2);
}
