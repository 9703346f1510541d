import { expect } from 'chai';
import type * as z from 'zod';
import { MaskedOutput } from '../../src/job/masked-output.ts';
import type { Step } from '../../src/kernel/model.ts';
import { resultMessage } from '../../src/queues/messages.ts';

const secret = 'hunter2-hunter2';

/** What a schema of zod's says of itself; each kind has some of it. */
interface Definition {
  type: string;
  innerType: z.ZodType;
  shape: Record<string, z.ZodType>;
  valueType: z.ZodType;
  element: z.ZodType;
  items: z.ZodType[];
  options: z.ZodType[];
  in: z.ZodType;
  entries: Record<string, string>;
  values: unknown[];
}

/** A value that a schema takes, with the secret in each text that may have it. */
function filled(schema: z.ZodType, field: string): unknown {
  const { def } = schema._zod as unknown as { def: Definition };
  const inner = () => filled(def.innerType, field);
  switch (def.type) {
    case 'object':
      return Object.fromEntries(Object.entries(def.shape).map(([key, each]) => [key, filled(each, key)]));
    case 'record':
      return { [`name ${secret}`]: filled(def.valueType, field) };
    case 'array':
      return [filled(def.element, field), filled(def.element, field)];
    case 'tuple':
      return def.items.map((each) => filled(each, field));
    case 'nullable':
    case 'optional':
    case 'default':
    case 'readonly':
      return inner();
    case 'pipe':
      return filled(def.in, field);
    case 'union':
      return filled(def.options[0] as z.ZodType, field);
    case 'enum':
      return Object.values(def.entries)[0];
    case 'literal':
      return def.values[0];
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'string':
      return `of ${field}: ${secret}`;
    default:
      throw new Error(`${field} is of a kind that this test does not know: ${def.type}`);
  }
}

describe('the masked output of a job', () => {
  function maskedTo(told: unknown[] = []): MaskedOutput {
    const masked = new MaskedOutput({
      output: (chunk) => void told.push(chunk.toString()),
      progress: (steps) => void told.push(structuredClone(steps)),
    });
    masked.log.masker.add(secret);
    return masked;
  }

  const kinds = resultMessage.options.filter((each) => ['steps', 'finished'].includes(String(each.shape.kind.value)));
  for (const schema of kinds) {
    it(`hides secrets in each field of the message "${schema.shape.kind.value}", and changes nothing else`, () => {
      const value = filled(schema, '') as Record<string, unknown>;
      const before = JSON.stringify(value);
      expect(before).to.include(`of name: ${secret}`);
      const hidden = maskedTo().hide(value);
      expect(JSON.stringify(hidden)).to.equal(before.replaceAll(secret, '***'));
    });
  }

  it('keeps the statuses and reasons of Volt, but masks any other text in these fields', () => {
    const told: Step[][] = [];
    const masked = new MaskedOutput({
      output: () => undefined,
      progress: (steps) => void told.push(structuredClone(steps)),
    });
    for (const word of ['success', 'failure', 'running', 'error', '2026', 'exit_code', 'passed'])
      masked.log.masker.add(word);
    const step = masked.steps.add('a success');
    masked.steps.begin(step);
    masked.steps.end(step, 'success', 0);
    expect(told.flat().map(({ name, status }) => [name, status])).to.deep.equal([
      ['a ***', 'running'],
      ['a ***', 'success'],
    ]);
    expect(told.flat().every(({ startedAt }) => startedAt?.startsWith('20') === true)).to.equal(true);
    const message = 'success by exit_code';
    const { outcome } = masked.result({
      outcome: { status: 'failure', reason: 'exit_code', message, exitCode: 1 },
      begun: true,
      steps: [],
      outputs: {},
    });
    expect(outcome).to.deep.equal({ status: 'failure', reason: 'exit_code', message: '*** by ***', exitCode: 1 });
    expect(masked.hide({ status: 'success indeed', startedAt: 'in 2026' })).to.deep.equal({
      status: '*** indeed',
      startedAt: 'in ***',
    });
  });

  it('masks a step again when it has changed or a secret is new, and not when another step changes', () => {
    const masked = maskedTo();
    let masks = 0;
    const watched = masked.steps.add('deploy with later');
    Object.defineProperty(watched, 'name', {
      enumerable: true,
      get: () => {
        masks += 1;
        return 'deploy with later';
      },
    });
    const changeAnother = () => masked.steps.end(masked.steps.add('other'), 'skipped', null);
    const during = (change: () => void): number => {
      const before = masks;
      change();
      return masks - before;
    };
    expect(during(changeAnother)).to.equal(1);
    expect(during(changeAnother)).to.equal(0);
    expect(during(() => masked.steps.begin(watched))).to.equal(1);
    expect(during(() => masked.steps.end(watched, 'success', 0))).to.equal(1);
    expect(during(changeAnother)).to.equal(0);
    masked.log.masker.add('later');
    expect(during(changeAnother)).to.equal(1);
  });

  it('masks a secret in the result that was reported before it was known', () => {
    const told: unknown[] = [];
    const masked = maskedTo(told);
    const step = masked.steps.add('deploy with later');
    masked.steps.begin(step);
    masked.log.masker.add('later');
    masked.steps.end(step, 'success', 0);
    expect((told.at(-1) as Step[])[0]?.name).to.equal('deploy with ***');
    const outcome = { status: 'success', reason: null, message: 'later', exitCode: 0 } as const;
    const result = masked.result({ outcome, begun: true, steps: masked.steps.list, outputs: { later: 'later' } });
    expect(JSON.stringify(result)).to.not.include('later');
  });

  it('reports the same object for a step each time', () => {
    const seen: Step[][] = [];
    const masked = new MaskedOutput({ output: () => undefined, progress: (steps) => void seen.push(steps) });
    const step = masked.steps.add('one');
    masked.steps.begin(step);
    masked.steps.end(step, 'success', 0);
    expect(seen[0]?.[0]).to.equal(seen[1]?.[0]).and.not.equal(step);
  });
});
