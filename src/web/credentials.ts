/**
 * Text with the credentials of URLs in it hidden, for showing. Over HTTP a user name is often a token itself, so both
 * parts go; elsewhere, as in `ssh://git@host`, only a password does.
 */
export function hideCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/([^\s@/]*)@/gi, (_, scheme: string, login: string) => {
    const colon = login.indexOf(':');
    if (/^https?$/i.test(scheme)) return `${scheme}://***@`;
    return `${scheme}://${colon < 0 ? login : `${login.slice(0, colon)}:***`}@`;
  });
}
