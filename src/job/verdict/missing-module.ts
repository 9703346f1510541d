import type { TestResult } from '../../kernel/model.ts';
import type { Blame } from './blame.ts';

/** What tells a module that is not part of the commit from one that is. */
export interface OwnModules {
  /** Whether the commit has a file (without its ending) or a folder of that name. */
  has(name: string): boolean;
  /** Whether a manifest of the commit names that package of npm. */
  declares(name: string): boolean;
}

interface Language {
  /** the module that a line misses, in its first group that is not empty */
  line: RegExp;
  /** @returns what is missing, unless the commit is at fault */
  judge(module: string, own: OwnModules): Blame | undefined;
}

const languages: readonly Language[] = [
  {
    line: /(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)/,
    judge: (module, own) => {
      const name = module.split('.', 1)[0] ?? module;
      if (own.has(name)) return undefined;
      return missing(
        `the tests need the Python module ${name}, which is not installed`,
        `If the project does not declare the package that has it, add it; else install it with \`python3 -m pip install\` before the tests`,
      );
    },
  },
  {
    line: /Cannot find (?:module|package) '((?:@[\w.-]+\/)?[\w][\w.-]*)(?:\/[^']*)?'/,
    // without a declaration, the commit imports what it does not ask for
    judge: (name, own) =>
      own.declares(name)
        ? missing(
            `the tests need the package ${name} of package.json, which is not installed`,
            'Install the packages before the tests, with `npm ci` or the command of your package manager',
          )
        : undefined,
  },
  {
    line: /cannot load such file -- ([\w./-]+)(?: \(LoadError\))?/,
    judge: (file, own) => {
      const name = file.split('/').at(-1)?.replace(/\.rb$/, '') ?? file;
      if (file.startsWith('/') || own.has(name) || own.has(file.split('/', 1)[0] ?? file)) return undefined;
      return missing(
        `the tests need the Ruby file ${file}, which no installed gem has`,
        'Add its gem to the Gemfile, and run the tests with `bundle exec`',
      );
    },
  },
  {
    line: /Can't locate ([\w/]+)\.pm in @INC/,
    judge: (path, own) =>
      own.has(path.split('/').at(-1) ?? path)
        ? undefined
        : missing(
            `the tests need the Perl module ${path.replaceAll('/', '::')}, which is not installed`,
            `Run \`cpanm ${path.replaceAll('/', '::')}\` on the runner or before the tests`,
          ),
  },
];

function missing(what: string, remedy: string): Blame {
  return { fault: 'outside', what, remedy };
}

/**
 * A module that is missing for all tests that did not pass. If one failed for another reason, or misses a module of the
 * commit itself, the commit is at fault.
 * @param failed all results that did not pass; without any, the output tells
 * @param output the end of what the tests printed
 */
export function missingModule(failed: readonly TestResult[], output: string, own: OwnModules): Blame | undefined {
  let first: Blame | undefined;
  for (const text of textsOf(failed, output)) {
    const blame = ofText(text, own);
    if (!blame) return undefined;
    first ??= blame;
  }
  return first;
}

/** Whether something misses a module, of the commit or not: the parameters of `missingModule`. */
export function tellsMissingModule(failed: readonly TestResult[], output: string): boolean {
  return textsOf(failed, output).every((text) => languages.some(({ line }) => line.test(text)));
}

function textsOf(failed: readonly TestResult[], output: string): string[] {
  return failed.length > 0 ? failed.map(({ message, details }) => `${message ?? ''}\n${details ?? ''}`) : [output];
}

/** Where one module of the commit is missing, others that are do not matter. */
function ofText(text: string, own: OwnModules): Blame | undefined {
  let first: Blame | undefined;
  for (const line of text.split('\n', mostLines)) {
    for (const { line: pattern, judge } of languages) {
      const found = pattern.exec(line.slice(0, longestLine));
      if (!found?.[1]) continue;
      const blame = judge(found[1], own);
      if (!blame) return undefined;
      first ??= blame;
    }
  }
  return first;
}

const mostLines = 5000;
/** Characters of a line that are searched. */
const longestLine = 500;
