import { recordIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import type { Manifest } from './manifest.ts';

/** What a script may put before a test runner: variables, and programs that run what follows them. */
const before =
  /^(?:(?:[A-Z_]+=[\w./:=,-]*|cross-env|npx(?: --no)?|c8|nyc(?: --[\w-]+(?:=[\w./,*-]+)?)*|\.\/node_modules\/\.bin\/)(?: |(?<=\/)))*/;

/** Characters without a meaning for a shell, with quotes around patterns. */
const plain = /^(?:[\w\s./:=@%+,*^-]|"[^"$`\\]*"|'[^']*')+$/;

interface ScriptRunner {
  /** as people know it */
  name: string;
  command: RegExp;
  /** an option for a reporter that prints the totals as well */
  usual?: RegExp;
  /** files that may choose another reporter; `*` stands for the endings of JavaScript */
  configs: readonly string[];
  /** the key of package.json that may do so */
  key?: string;
}

/** Runners that print totals which Volt reads, unless they have another reporter. Others end with an error by themselves. */
const runners: readonly ScriptRunner[] = [
  {
    name: 'Mocha',
    command: /^_?mocha(?= |$)/,
    usual: / (?:-R|--reporter)[ =](?:spec|dot|list)(?= |$)/,
    configs: ['.mocharc.*', '.mocharc.json', '.mocharc.jsonc', '.mocharc.yaml', '.mocharc.yml', 'test/mocha.opts'],
    key: 'mocha',
  },
  { name: 'Jest', command: /^jest(?= |$)/, configs: ['jest.config.*', 'jest.config.json'], key: 'jest' },
  { name: 'uvu', command: /^uvu(?= |$)/, configs: [] },
  { name: 'tape', command: /^tape(?= |$)/, configs: [] },
  { name: 'node --test', command: /^node (?=(?:\S+ )*--test(?: |$))/, configs: [] },
  { name: 'bun test', command: /^bun test(?= |$)/, configs: ['bunfig.toml'] },
];

/** A script that calls another one of the package, without options for it. */
const call = /^(?:npm|pnpm|yarn|bun) (?:(?:run|run-script) )?(?:(?:-s|--silent) )?(?<name>[\w:.-]+)$/;
/** Scripts that call each other. */
const mostCalls = 5;

/** Options after which a runner tells no number, or in another form. */
const changing = /(?:^|\s)(?:-[Rc]|--(?:reporters?|test-reporter|config|opts|json|silent|quiet|help|version|list)\b)/;

/**
 * The runner of a script, or of one that it calls, that tells how many tests ran, whatever the tests do; undefined where a
 * file that Volt does not read may choose another reporter.
 */
export function scriptRunner(tree: Tree, manifest: Manifest, script: string, calls = mostCalls): string | undefined {
  if (script.length > 1000 || !script.split('&&').every((each) => plain.test(each))) return undefined;
  for (const part of script.split('&&')) {
    const command = part.trim().replace(before, '');
    const found = runners.find((each) => each.command.test(command));
    if (!found) {
      const called =
        calls > 0 ? valueIn(recordIn(manifest, 'scripts'), call.exec(command)?.groups?.name ?? '') : undefined;
      const runner = typeof called === 'string' ? scriptRunner(tree, manifest, called, calls - 1) : undefined;
      if (runner !== undefined) return runner;
      continue;
    }
    const options = command.replace(found.command, ' ').replace(found.usual ?? '', '');
    const isUsual = !changing.test(options) && hasUsualReporter(tree, manifest, found);
    return isUsual ? found.name : undefined;
  }
  return undefined;
}

function hasUsualReporter(tree: Tree, manifest: Manifest, { configs, key }: ScriptRunner): boolean {
  const files = configs.flatMap((name) =>
    name.endsWith('.*') ? ['js', 'cjs', 'mjs', 'ts', 'cts', 'mts'].map((ending) => name.replace('*', ending)) : [name],
  );
  const texts = files
    .filter((path) => tree.has(path))
    .map((path) => (tree.isRead(path) ? tree.text(path) : 'reporter'));
  const own = key === undefined ? '' : JSON.stringify(recordIn(manifest, key));
  return ![...texts, own].some((text) => /reporter|extends/i.test(text.replaceAll(/coverageReporters/g, '')));
}
