import { asTyped } from '../../kernel/invocation.ts';
import { type DifferenceLine, differenceLines, forgesToCheck } from '../../web/config/difference-lines.ts';
import type { ConfigApplied } from '../../web/schemas/config.ts';
import { paint, plain } from '../terminal.ts';

type Difference = Pick<ConfigApplied, 'changes' | 'kept' | 'missing'>;

/** What differs, an entry and its fields in a line each, with the colours of a diff. */
export function paintedLines({ changes, kept, missing }: Difference): string[] {
  return [
    ...differenceLines(changes).map(painted),
    ...kept.map((path) => paint('dim', `  ${pathText(path)}: only in Volt, and kept; --prune removes it`)),
    ...missing.map(
      ({ what, command }) => `${paint('yellow', '!')} ${plain(what)} is not set: ${plain(asTyped(command))}`,
    ),
  ];
}

/** What a person has to know and to do once settings are applied. */
export function appliedLines({ changes, made }: ConfigApplied): string[] {
  const secrets = made.map(
    ({ path, secret }) => `the secret of ${pathText(path)}, which cannot be read again: ${secret}`,
  );
  const checks = forgesToCheck(changes).map(
    (name) => `check it, and Volt sends statuses: ${asTyped(`volt forge check ${name}`)}`,
  );
  return [...secrets, ...checks];
}

const styles = { add: 'green', change: 'yellow', remove: 'red' } as const;

function painted({ act, sign, isEntry, text }: DifferenceLine): string {
  if (isEntry) return paint(['bold', styles[act]], `${sign} ${plain(text)}`);
  return paint(styles[act], `${sign}   ${plain(text)}`);
}

function pathText(path: readonly string[]): string {
  return path.map(plain).join('/');
}
