import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { formatDiagnostic } from './diagnostics.ts';
import { isLiteral } from './evaluate-value.ts';
import type { ValueTemplate } from './template.ts';
import type { TokenReader } from './token-reader.ts';
import { certainlyNeeded, decisive } from './unsupported.ts';
import type { UnsupportedKey } from './workflow.ts';

/** Keys of a job that Volt does not support; an empty value needs nothing. */
const refused: Readonly<Record<string, string>> = {
  environment: '`environment` is not supported yet',
  snapshot: '`snapshot` is not supported yet',
};

/**
 * Reports unsupported keys of a job, which then does not run.
 * @returns keys whose value depends on expressions, to be checked for each job of a matrix
 */
export function readUnsupportedKeys(reader: TokenReader, fields: ReadonlyMap<string, TemplateToken>): UnsupportedKey[] {
  const group = reader.entries(fields.get('runs-on')).find(({ key }) => key === 'group');
  if (group) reader.report('unsupported', group.keyToken, 'runner groups (`group`) are not supported; use labels');
  return Object.entries(refused).flatMap(([key, message]) => {
    const token = fields.get(key);
    if (!token) return [];
    const value = wanted(reader, token);
    if (certainlyNeeded(value)) reader.report('unsupported', token, message);
    if (certainlyNeeded(value) || isLiteral(value)) return [];
    const why = `${message}; the job ends in an error unless the value is empty`;
    reader.report('warning', token, why);
    const location = { file: reader.file, line: token.line ?? 1, column: token.col ?? 1 };
    return [{ value, message: formatDiagnostic({ ...location, severity: 'unsupported', message }) }];
  });
}

/** The part of a value that decides whether it needs something: a name. */
function wanted(reader: TokenReader, token: TemplateToken): ValueTemplate {
  const part = token instanceof MappingToken && [...token].find(({ key }) => decisive.includes(key.toString()))?.value;
  return reader.value(part || token);
}
