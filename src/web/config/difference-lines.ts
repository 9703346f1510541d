import type { ConfigChange } from '../schemas/config.ts';

/** A line of the difference between settings and what Volt has. */
export interface DifferenceLine {
  act: ConfigChange['act'];
  sign: '+' | '~' | '-';
  /** whether it names an entry, and no field of one */
  isEntry: boolean;
  /** has what people have typed, so it may contain any character */
  text: string;
}

const signs = { add: '+', change: '~', remove: '-' } as const;

/** What differs, an entry and its fields in a line each, with the signs of a diff. */
export function differenceLines(changes: readonly ConfigChange[]): DifferenceLine[] {
  return changes.flatMap(({ path, act, fields: [first, ...others] }) => {
    const entry = (more = '') => ({ act, sign: signs[act], isEntry: true, text: `${path.join('/')}${more}` });
    if (!first) return [entry()];
    // a variable has no fields
    if (act === 'add' && first.field === '') return [entry(`: ${valueText(first.after)}`)];
    return [entry(), ...[first, ...others].flatMap((field) => fieldLines(act, field))];
  });
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

/** Names of the forges that have to be checked, so that Volt sends statuses to them. */
export function forgesToCheck(changes: readonly ConfigChange[]): string[] {
  const isChecked = ({ field, secret }: ConfigChange['fields'][number]) =>
    (secret && field !== 'jobToken') || field === 'api';
  return changes.flatMap(({ path: [section, name = ''], act, fields }) =>
    section === 'forges' && act !== 'remove' && fields.some(isChecked) ? [name] : [],
  );
}

function fieldLines(
  act: ConfigChange['act'],
  { field, before, after, secret }: ConfigChange['fields'][number],
): DifferenceLine[] {
  const line = (of: ConfigChange['act'], text: string) => {
    return { act: of, sign: signs[of], isEntry: false, text: `${field === '' ? '' : `${field}: `}${text}` };
  };
  if (secret) return [act === 'add' ? line('add', '(secret)') : line('change', '(another secret)')];
  return [
    ...(before === undefined ? [] : [line('remove', valueText(before))]),
    ...(after === undefined ? [] : [line('add', valueText(after))]),
  ];
}

/** A value in one line, as in YAML where that is as plain. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${valueText(inner)}`)
      .join(', ')} }`;
  if (typeof value === 'string' && /^[\w./:@*+][\w./:@*+ -]*$/.test(value) && !/^[\d.]+$|: /.test(value)) return value;
  return JSON.stringify(value);
}
