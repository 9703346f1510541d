import type { JobLog } from '../log.ts';

/**
 * Writes what runs next, as a group that a reader can fold, in the format of GitHub's logs.
 * @param parts each a heading with its lines
 */
export async function writeHeader(
  log: JobLog,
  title: string,
  text: string,
  parts: Readonly<Record<string, Readonly<Record<string, string>> | string>>,
): Promise<void> {
  const lines = [`##[group]${title}`];
  if (text !== '') lines.push(...text.replace(/\n+$/, '').split('\n'));
  for (const [heading, values] of Object.entries(parts)) {
    if (typeof values === 'string') lines.push(`${heading}: ${values}`);
    else if (Object.keys(values).length > 0) {
      lines.push(
        `${heading}:`,
        ...Object.entries(values).map(([name, value]) => `  ${name}: ${value.replaceAll('\n', '\n  ')}`),
      );
    }
  }
  await log.line([...lines, '##[endgroup]'].join('\n'));
}
