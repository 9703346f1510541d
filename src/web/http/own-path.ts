/** The path if it is on this server, else `/`: a link or a form must not send a person to another site. */
export function ownPath(path: unknown): string {
  const base = 'http://volt.invalid';
  if (typeof path !== 'string' || !path.startsWith('/') || !URL.canParse(path, base)) return '/';
  const url = new URL(path, base);
  // browsers read a path that begins with two slashes as another server
  return url.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
