/**
 * Hides the credentials of URLs in a text, for people and logs. Over HTTP a user name is often a token itself, so both parts are
 * hidden; otherwise, as in `ssh://git@host`, only a password is.
 */
export function hideCredentials(text: string): string {
  // up to the last "@": an unescaped password may contain "@"
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/([^\s/]*)@/gi, (_, scheme: string, login: string) => {
    const colon = login.indexOf(':');
    if (/^https?$/i.test(scheme)) return `${scheme}://***@`;
    return `${scheme}://${colon < 0 ? login : `${login.slice(0, colon)}:***`}@`;
  });
}

/** Host and port, if any, of a repository's server; empty for a path. */
export function hostOf(url: string): string {
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/]+)/i.exec(url)?.[1] ?? /^(?:[^/@]*@)?([^/:]+):/.exec(url)?.[1];
  return host?.toLowerCase() ?? '';
}
