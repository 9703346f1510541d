import { type Blame, firstBlame, type Rule } from './blame.ts';
import { bun } from './managers/bun.ts';
import { bundler } from './managers/bundler.ts';
import { cargo } from './managers/cargo.ts';
import { composer } from './managers/composer.ts';
import { dotnet } from './managers/dotnet.ts';
import { dune } from './managers/dune.ts';
import { go } from './managers/go.ts';
import { gradle, maven } from './managers/jvm.ts';
import { build, unreachable } from './managers/machine.ts';
import { mix } from './managers/mix.ts';
import { native } from './managers/native.ts';
import { npm } from './managers/npm.ts';
import { pip } from './managers/pip.ts';
import { pnpm } from './managers/pnpm.ts';
import { poetry } from './managers/poetry.ts';
import { pytest } from './managers/pytest.ts';
import { uv } from './managers/uv.ts';
import { yarn } from './managers/yarn.ts';

/** A missing compiler explains why a package could not be built, so it goes first. */
const rules: readonly Rule[] = [
  ...build,
  ...npm,
  ...pnpm,
  ...yarn,
  ...bun,
  ...uv,
  ...pip,
  ...poetry,
  ...bundler,
  ...composer,
  ...cargo,
  ...go,
  ...maven,
  ...gradle,
  ...dotnet,
  ...mix,
  ...dune,
  ...native,
  ...pytest,
];
/** In the tests, the same words may come from a program that is tested. */
const rulesBeforeTests = rules.filter(({ installing }) => installing !== true);

/** Characters of a line that are searched. */
const longestLine = 500;
/** Characters of the last line that are quoted. */
const longestQuote = 300;

/**
 * Why an installation failed, from the end of what it printed. Only what its package manager blames on the commit is the
 * commit's fault.
 */
export function installationBlame(output: string): Blame {
  const lines = linesOf(output);
  const known = firstBlame(rules, lines) ?? firstBlame(unreachable, lines);
  if (known) return known;
  const last = lines
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, longestQuote);
  const said = last === undefined ? '' : `; its last line is "${last}"`;
  const remedy = 'Read the log; correct the installation, or set another command by --command';
  return { fault: 'outside', what: `the installation failed${said}`, remedy };
}

/** Why a build could not fetch or configure what it needs, from the end of what it printed before any test began. */
export function fetchBlame(output: string): Blame | undefined {
  return firstBlame(rulesBeforeTests, linesOf(output));
}

/** The program that a shell did not find, as it says when it ends with code 127. */
export function missingProgram(output: string): string | undefined {
  const line =
    /^(?:\S*sh|\S+\.sh|make(?:\[\d+\])?|env): (?:line )?(?:\d+: )?(?:‘|')?([\w.+-]+)(?:’|')?: (?:command not found|not found|No such file or directory)$/;
  return linesOf(output)
    .map((text) => line.exec(text)?.[1])
    .findLast((name) => name !== undefined);
}

function linesOf(output: string): string[] {
  return output.split('\n').map((line) => line.slice(0, longestLine).replace(/\r$/, ''));
}
