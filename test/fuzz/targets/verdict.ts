import { expect } from 'chai';
import fc from 'fast-check';
import { modulesOf } from '../../../src/job/own-modules.ts';
import { judge } from '../../../src/job/verdict/judge.ts';
import { type Target, target } from '../target.ts';
import { soup } from '../texts.ts';

/** Lines of package managers, and parts of them. */
const said = [
  'npm error code E404\n',
  "npm error 404  The requested resource 'a@1' could not be found\n",
  'npm error path /app/node_modules/@a/b\n',
  'npm error command sh -c a\n',
  ' ERR_PNPM_META_FETCH_FAIL  GET http://a/b: c\n',
  '➤ YN0035: │ a@npm:1: Package not found\n',
  'error: GET https://a/b - 404\n',
  'ERROR: Could not find a version that satisfies the requirement a (from versions: none)\n',
  'Collecting a\n',
  'Processing /app\n',
  'Failed to build a\n',
  'Because a depends on b, version solving failed.\n',
  "Could not find gem 'a' in b.\n",
  'requires a ^1, found b but it does not match\n',
  'error: no matching package named `a` found\n',
  'go: a@v1: dial tcp: b\n',
  'Could not find artifact a:b in c\n',
  '** (Mix) No package with name a\n',
  "ModuleNotFoundError: No module named 'a.b'\n",
  "Cannot find module 'a'\n",
  'cannot load such file -- a (LoadError)\n',
  'sh: 1: a: not found\n',
  '(',
  ')',
  "'",
  '`',
  ' ',
  'a',
  '\n',
  '\r',
];

export const verdictTargets: Target[] = [
  target(
    'install-outputs',
    'the output of a failed step, whatever it is, leads to a failure or an error with a message of limited length',
    300,
    fc.tuple(soup(said, 40), fc.constantFrom('install', 'test'), fc.constantFrom(1, 127, 139)),
    async ([output, step, exitCode]) => {
      const modules = modulesOf({ files: [{ path: 'a/b.py', executable: false }], texts: [['package.json', output]] });
      const byCode = { status: 'failure', reason: 'exit_code', message: 'it failed', exitCode } as const;
      const { status, message } = await judge(byCode, {
        step,
        output,
        tests: undefined,
        runners: [],
        unfinished: [],
        runner: undefined,
        kind: undefined,
        own: async () => modules,
      });
      expect(['failure', 'error']).to.include(status);
      expect(message?.length).to.be.within(1, 2000);
      expect(message).to.match(/^it failed/);
    },
  ),
];
