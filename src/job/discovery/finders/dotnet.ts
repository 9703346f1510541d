import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** What the project files of tests refer to: the SDK for tests, test frameworks, or the property that says so. */
const testSigns =
  /Microsoft\.NET\.Test\.Sdk|Microsoft\.Testing\.|MSTest|NUnit|xunit|TUnit|<IsTestProject>\s{0,20}true/i;

/** Files with settings of all projects. */
const shared = ['Directory.Build.props', 'Directory.Packages.props'];

/** A .NET solution or project. */
export const dotnet: Finder = (tree) => {
  const names = tree.names().filter((name) => tree.has(name));
  const solutions = names.filter((name) => /\.slnx?$/.test(name));
  const own = names.filter((name) => /\.(cs|fs|vb)proj$/.test(name));
  const all = tree.own('proj').filter((path) => /\.(cs|fs|vb)proj$/.test(path));
  const because = solutions[0] ?? own[0] ?? testProjects(tree, all)[0];
  if (because === undefined) return undefined;
  const tests = testProjects(tree, all);
  if (tests.length === 0) return { because, why: 'no project of it refers to a test framework' };
  // `dotnet` takes the only solution or project of the folder by itself
  const isAlone = solutions.length === 1 || (solutions.length === 0 && own.length === 1 && tests[0] === own[0]);
  const targets = isAlone ? [''] : (solutions.length > 0 ? [because] : tests).map((path) => ` ${shellWord(path)}`);
  const locked = tree.below().some((path) => /(^|\/)packages\.lock\.json$/.test(path)) ? ' --locked-mode' : '';
  const each = (command: (target: string) => string) => targets.map(command).join(' && ');
  return {
    kind: 'dotnet',
    because,
    why: `its tests are in ${tests.slice(0, 10).join(', ')}${tests.length > 10 ? ` and ${tests.length - 10} more` : ''}`,
    steps: [
      step(
        'install',
        each((target) => `dotnet restore${target}${locked}`),
      ),
      step(
        'test',
        each((target) => `dotnet test${target} --no-restore`),
      ),
    ],
    ...(usesVstest(tree, all) && { reporter: 'trx', runner: 'dotnet test' }),
  };
};

/** Whether `dotnet test` starts VSTest for all projects, and so knows its loggers, for certain. */
function usesVstest(tree: Tree, projects: readonly string[]): boolean {
  const texts = [...projects, ...shared, 'global.json'].filter((path) => tree.has(path));
  const other =
    /Testing\.?Platform|TUnit|MSTest\.Sdk|(?:MSTest|NUnit)Runner|xunit\.v3|VSTest(?:Logger|ResultsDirectory)/i;
  return texts.every((path) => tree.isRead(path) && !other.test(tree.text(path)));
}

function testProjects(tree: Tree, projects: readonly string[]): string[] {
  const isShared = shared.some((file) => testSigns.test(tree.text(file)));
  return projects.filter((path) => {
    const text = tree.text(path);
    const isNamedSo = /tests?\.\w{6}$/i.test(path);
    return testSigns.test(text) || (isNamedSo && (isShared || text === ''));
  });
}
