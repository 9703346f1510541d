/**
 * How the package index answered for the package that pip has not found. What pip prints is the same whether the index has no
 * such package, refuses access, or is broken; its log tells.
 * @param log the end of what PIP_LOG names
 * @returns a sentence without its dot; undefined where no index answered
 */
export function indexAnswer(log: string): string | undefined {
  const name = /No matching distribution found for ([\w.-]{1,200})/.exec(log)?.[1];
  if (name === undefined) return undefined;
  const normalized = name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const codes = log.split('\n').flatMap((line) => {
    const [, url = '', why = ''] = /Could not fetch URL (\S{1,2000}): (.{1,2000}) - skipping$/.exec(line) ?? [];
    if (!url.replace(/\/$/, '').endsWith(`/${normalized}`)) return [];
    return /^(\d{3}) |too many (\d{3}) error responses/.exec(why)?.slice(1).filter(Boolean) ?? [];
  });
  // another index may have the package
  const code = codes.find((each) => each !== '404') ?? codes[0];
  return code && `the package index answers ${code} for ${normalized}`;
}
