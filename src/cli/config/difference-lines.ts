import { asTyped } from '../../kernel/invocation.ts';
import type { ConfigApplied, ConfigChange } from '../../web/schemas/config.ts';
import { paint, plain } from '../terminal.ts';

type Difference = Pick<ConfigApplied, 'changes' | 'kept' | 'missing'>;

/** What differs, an entry and its fields in a line each, with the signs and colours of a diff. */
export function differenceLines({ changes, kept, missing }: Difference): string[] {
  return [
    ...changes.flatMap(changeLines),
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
  const forges = changes.filter(
    ({ path, act, fields }) => path[0] === 'forges' && act !== 'remove' && fields.some(isChecked),
  );
  const checks = forges.map(
    ({ path }) => `check it, and Volt sends statuses: ${asTyped(`volt forge check ${path[1]}`)}`,
  );
  return [...secrets, ...checks];
}

/** Whether a forge has to be checked once a field has changed. */
function isChecked({ field, secret }: ConfigChange['fields'][number]): boolean {
  return (secret && field !== 'jobToken') || field === 'api';
}

/** `2 added, 1 changed, 1 removed` */
export function countText(changes: readonly ConfigChange[]): string {
  const words = { add: 'added', change: 'changed', remove: 'removed' } as const;
  const counts = (['add', 'change', 'remove'] as const).flatMap((act) => {
    const count = changes.filter((change) => change.act === act).length;
    return count === 0 ? [] : [`${count} ${words[act]}`];
  });
  return counts.join(', ');
}

function changeLines({ path, act, fields }: ConfigChange): string[] {
  const sign = { add: '+', change: '~', remove: '-' }[act];
  const style = { add: 'green', change: 'yellow', remove: 'red' } as const;
  const entry = (text: string) => paint(['bold', style[act]], `${sign} ${pathText(path)}${text}`);
  const [first] = fields;
  // a variable has no fields
  if (act === 'add' && first?.field === '') return [entry(`: ${valueText(first.after)}`)];
  return [entry(''), ...fields.flatMap((field) => fieldLines(act, field))];
}

function fieldLines(
  act: ConfigChange['act'],
  { field, before, after, secret }: ConfigChange['fields'][number],
): string[] {
  const name = field === '' ? '' : `${plain(field)}: `;
  if (secret && act === 'add') return [paint('green', `+   ${name}(secret)`)];
  if (secret) return [paint('yellow', `~   ${name}(another secret)`)];
  return [
    ...(before === undefined ? [] : [paint('red', `-   ${name}${valueText(before)}`)]),
    ...(after === undefined ? [] : [paint('green', `+   ${name}${valueText(after)}`)]),
  ];
}

/** A value in one line, as in YAML where that is as plain. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${plain(key)}: ${valueText(inner)}`)
      .join(', ')} }`;
  if (typeof value === 'string' && /^[\w./:@*+][\w./:@*+ -]*$/.test(value) && !/^[\d.]+$|: /.test(value)) return value;
  return plain(JSON.stringify(value));
}

function pathText(path: readonly string[]): string {
  return path.map(plain).join('/');
}
