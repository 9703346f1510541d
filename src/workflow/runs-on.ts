import { VoltError } from '../kernel/errors.ts';
import { parseLabels } from '../kernel/names.ts';
import { evaluateValue } from './evaluate-value.ts';
import type { Scope } from './expression.ts';
import type { Json, ValueTemplate } from './template.ts';

/** Labels that replace the names of GitHub's machines; the first matching pattern counts. */
export type HostedNames = readonly { pattern: RegExp; labels: string[] }[];

/**
 * Reads the setting: `ubuntu-*=linux,ubuntu-arm=linux+arm64`.
 * @throws VoltError `bad_setting`
 */
export function parseHostedNames(text: string): HostedNames {
  return text
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => {
      const [name, labels, ...rest] = entry.split('=').map((part) => part.trim().toLowerCase());
      if (!name || labels === undefined || rest.length > 0 || !/^[a-z0-9._*-]+$/.test(name)) {
        throw new VoltError('bad_setting', `VOLT_HOSTED_LABELS has an invalid entry "${entry}"`, {
          remedy: 'Use comma-separated entries such as "ubuntu-*=linux", with "+" between several labels.',
        });
      }
      const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      return { pattern, labels: parseLabels(labels.split('+')) };
    });
}

/**
 * The names of GitHub's machines that a job runs on and that labels replace, in lower case.
 * @throws ExpressionFailed
 */
export function hostedNamesIn(runsOn: ValueTemplate, scope: Scope, hosted: HostedNames): string[] {
  const names = namesIn(evaluateValue(runsOn, scope)).map((name) => name.trim().toLowerCase());
  return names.filter((name) => hosted.some(({ pattern }) => pattern.test(name))).slice(0, 100);
}

/**
 * The labels that a runner must have.
 * @throws ExpressionFailed, VoltError `bad_label`, Error with a message for the author
 */
export function labelsOf(runsOn: ValueTemplate, scope: Scope, hosted: HostedNames): string[] {
  const names = namesIn(evaluateValue(runsOn, scope));
  if (names.length === 0) throw new Error('`runs-on` is empty');
  const labels = names.flatMap((name) => {
    const label = name.trim().toLowerCase();
    // every runner of Volt is self-hosted
    if (label === 'self-hosted') return [];
    return hosted.find(({ pattern }) => pattern.test(label))?.labels ?? [label];
  });
  return parseLabels(labels);
}

function namesIn(value: Json): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (value !== null && typeof value === 'object') return namesIn(value.labels ?? null);
  return [];
}
