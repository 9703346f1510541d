/** Browsers by what only they say, the first that fits: most say the names of others, too. */
const browsers = [
  ['Edge', /\bEdgA?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|Chromium|HeadlessChrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const;

const systems = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(iPhone|iPad)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
] as const;

/** A browser by its header User-Agent (RFC 9110, 10.1.5), for people: `Firefox on Linux`. It can say what it wants. */
export function browserName(agent: string): string {
  const browser = browsers.find(([, says]) => says.test(agent))?.[0];
  const system = systems.find(([, says]) => says.test(agent))?.[0];
  if (browser === undefined) return agent.slice(0, 60) || 'unknown';
  return system === undefined ? browser : `${browser} on ${system}`;
}
