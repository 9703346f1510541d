import { type Finder, step } from '../project.ts';
import { isRecord, recordIn } from '../records.ts';

/** What Deno's own test runner takes for a test. */
const testFile = /(^|\/|[._])test\.[cm]?[jt]sx?$/;

/** A Deno project: its task "test", else all test files. Beside a package.json, which Deno reads as well, only the task. */
export const deno: Finder = (tree) => {
  const because = tree.first('deno.json', 'deno.jsonc');
  if (because === undefined) return undefined;
  const config = tree.jsonc(because);
  if (!config) return { because, why: `${because} is not valid JSON, or too large` };
  const task = recordIn(config, 'tasks').test;
  const hasTask = typeof task === 'string' || (isRecord(task) && typeof task.command === 'string');
  const file = tree.has('package.json') ? undefined : tree.below().find((path) => testFile.test(path));
  if (!hasTask && file === undefined) return { because, why: `${because} has no task "test"` };
  const install = tree.has('deno.lock') ? [step('install', 'deno install --frozen')] : [];
  return {
    kind: 'deno',
    because,
    why: hasTask ? 'it has the task "test"' : `it has no task "test", but tests such as ${file}`,
    // without a person to ask, Deno denies what is not allowed by a flag
    steps: [...install, step('test', hasTask ? 'deno task test' : 'deno test --allow-all')],
    ...(hasTask ? {} : { runner: 'deno test' }),
  };
};
