import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { formatDiagnostic } from './diagnostics.ts';
import { isLiteral } from './evaluate-value.ts';
import type { Reading } from './reading.ts';
import { decisive, surelyAsksFor } from './refusal.ts';
import type { Refusal, ValueTemplate } from './workflow.ts';

/** Keys of a job that Volt knows and cannot do yet; what is empty asks for nothing. */
const refused: Readonly<Record<string, string>> = {
  container: '`container` is not supported yet: the job would run on the runner itself',
  services: '`services` are not supported yet: the job would find nobody there',
  environment: '`environment` is not supported yet: nobody would be asked for approval',
  snapshot: '`snapshot` is not supported yet',
};

/**
 * What a job asks for that Volt cannot do. Where the file alone tells, it is reported, and the job does not run.
 * @returns what is known only once expressions are evaluated, for each combination of a matrix by itself
 */
export function readRefusals(reading: Reading, fields: ReadonlyMap<string, TemplateToken>): Refusal[] {
  const group = reading.entries(fields.get('runs-on')).find(({ key }) => key === 'group');
  if (group) reading.report('unsupported', group.keyToken, '`group` of runners is not supported: ask for labels');
  return Object.entries(refused).flatMap(([key, message]) => {
    const token = fields.get(key);
    if (!token) return [];
    const value = wanted(reading, token, key === 'services');
    if (surelyAsksFor(value)) reading.report('unsupported', token, message);
    if (surelyAsksFor(value) || isLiteral(value)) return [];
    const why = `${message}; a job for which it is not empty ends in an error`;
    reading.report('warning', token, why);
    const place = { file: reading.file, line: token.line ?? 1, column: token.col ?? 1 };
    return [{ value, message: formatDiagnostic({ ...place, severity: 'unsupported', message }) }];
  });
}

/** The part of a value that says whether there is to be anything: an image, or a name. */
function wanted(reading: Reading, token: TemplateToken, isMap: boolean): ValueTemplate {
  if (!(token instanceof MappingToken)) return reading.value(token);
  if (isMap) {
    return { list: [...token].map(({ value }) => wanted(reading, value, false)) };
  }
  const part = [...token].find(({ key }) => decisive.includes(key.toString()))?.value;
  return part ? reading.value(part) : reading.value(token);
}
