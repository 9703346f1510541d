import { discover } from '../src/job/discovery/discover.ts';
import { isGeneral, type Kind, kinds } from '../src/job/discovery/kinds.ts';
import type { Project } from '../src/job/discovery/project.ts';
import { Tree } from '../src/job/discovery/tree.ts';
import { listFiles, versionFiles } from '../src/job/discovery/versions.ts';
import { examples } from './discovery-examples.ts';

/** The page about what is discovered: for each kind, what Volt makes of small repositories of that kind. */
export function discoveryPage(): string {
  return `# Discovery of tests

For a commit without a [command or workflow files](running.md#what-is-run), Volt finds out how the project's maintainers
run its tests. It looks at the names of all files of the commit, and reads only those that describe projects. The log
says what was found, why, and which files were passed over.

- Where a repository is of several kinds, Volt tests all of them. A job needs the tools of its kind: \`error\`
  \`tool_missing\` names the one that the runner lacks.
- Kinds that build the same sources, such as Maven and Gradle, or CMake and Meson, are one family. Of these the first one
  in the table with tests counts.
- Python tests that no file describes count beside the tests of a \`package.json\` only if they are surely the
  repository's own. They are in the root, or right in \`tests\` or \`test\`. Each imports unittest or pytest. There is
  Python that is no test, and no script of \`package.json\` runs Python.
- A Makefile, justfile, Taskfile or \`test.sh\` counts only if the repository is of no other kind that has tests. The
  first of them counts.
- Volt searches the root of the repository. If that has no tests, Volt searches the folders in it, and the folders in
  those: at most 100 folders, and 20 projects with tests. If the root has tests, the log names the folders in it that
  have tests in another language.
- Volt leaves out what belongs to others or shows something: \`node_modules\`, \`vendor\`, \`third_party\`, \`examples\`,
  \`docs\`, \`fixtures\`, \`testdata\` and the like.
- A Python project is installed with what its tests need, as tox, nox, hatch, its extras, dependency groups or files of
  requirements say. pytest runs the tests only if the project configures or requires it, or its tests are written for
  it; else unittest does. Where all that the files of tox, nox or hatch say is plain, Volt runs their commands without
  the tool.
- With a lock file, an installation fails if the lock file does not fit.

Where several commands are given, each line is for one form of the project. Versions of any tool may also be in
${listFiles.map(code).join(', ')}.

| kind | what tells it | commands | versions asked for in | reports |
|---|---|---|---|---|
${kinds.map(row).join('\n')}

## Versions of tools

A project may ask for a version of its tools in the files of the table. If the version on the runner's search path does
not fit, Volt takes one that the machine has: from mise, asdf, nvm, fnm, nodenv, pyenv, rbenv, rustup, SDKMAN,
\`/usr/lib/jvm\`, \`~/sdk\` (Go), or the tool cache (\`VOLT_TOOL_CACHE\`). Volt installs none. If no version fits, the log
says which one is used instead. rustup and Go choose their versions themselves.

If the runner lacks the pnpm or Yarn that a project needs, but has corepack, corepack brings the version that
\`packageManager\` names. Scripts of the project find it, too. With a mirror of npm's registry, corepack needs
\`COREPACK_NPM_REGISTRY\`, and \`COREPACK_INTEGRITY_KEYS=0\` if the mirror has no signatures.

## Results of single tests

Every kind has them as far as Volt [can read what the tests print](running.md#results-of-single-tests). Volt asks some
runners for a report as well, as the table says. Their verdict stays the same. A project that has its
runner write such a report already keeps its own.

## What is installed, and kept for later builds

**Python.** The tests run in an environment of their own, which shows nothing of the runner's packages. It is made by uv
where the runner has it and no setting of pip is given, else by \`venv\` and pip. \`uv.lock\`, \`poetry.lock\` and
\`pdm.lock\` are honoured by their managers. A project is installed so that its files in the checkout are what is imported;
one that meson-python builds is copied.

**Node.** After \`npm ci\`, or pnpm or Yarn 1 with a frozen lock file, Volt keeps \`node_modules\`. A command that does more,
such as \`npm ci && npm run build\`, always runs as it is, and nothing is kept. Volt also
keeps nothing where a new installation could differ:

- in workspaces, with packages from the checkout, and without a lock file in the commit
- with a script of the project that runs during the install, except for a \`prepare\` that only installs hooks of git
  (\`husky\`, \`lefthook install\`, \`simple-git-hooks\`)
- with packages whose install scripts may write elsewhere

Then the package manager's own cache in the job's home is all that stays.

For neither kind is anything kept where a file that describes the packages is a link, or where the commit has more files than
Volt reads.

A later job of the same repository and [trust class](isolation.md#who-shares-what) gets a private copy. It must have the same
files that describe the project and its packages, the same versions of Python or Node and of the package manager, the same
system or image, and the same environment variables. Where no lock file fixes the versions of Python packages, a copy is
of the same day (UTC). Volt installs a Python project itself again from each commit, and runs the script \`prepare\` of a
Node project again. The log says what was made, reused or not kept, and why. \`VOLT_INSTALL_LIMIT\` bounds what is kept.

This page is made from \`src/job/discovery/\` by \`npm run docs\`.
`;
}

/** What Volt asks test runners for. */
const addedReports: { [reporter in NonNullable<Project['reporter']>]: string } = {
  pytest: 'JUnit XML that Volt asks pytest for',
  phpunit: 'JUnit XML that Volt asks PHPUnit for',
  trx: 'TRX that Volt asks `dotnet test` for',
  minitest: 'JUnit XML that Volt asks RSpec and Minitest for',
};

function row(kind: Kind): string {
  const projects = (examples[kind.title] ?? []).map((files) => exampleOf(kind, files));
  const commands = projects.map(({ steps }) => steps.map(({ command }) => code(command)).join(', then '));
  const versions = kind.tools.length === 0 ? [] : versionFiles(...kind.tools).map(code);
  const reports = projects.flatMap((project) => [
    ...project.reports.map(code),
    ...(project.reporter === undefined ? [] : [addedReports[project.reporter]]),
  ]);
  const cells = [
    `${kind.title}${isGeneral(kind) ? ' (if nothing else)' : ''}`,
    kind.looksFor,
    [...new Set(commands)].join('<br>'),
    versions.join(', '),
    [...new Set(reports)].join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The project that discovery makes of an example, whose only kind must be the given one. */
function exampleOf(kind: Kind, files: { [path: string]: string }): Project {
  const listed = Object.keys(files).map((name) => ({ path: name.replace(/!$/, ''), executable: name.endsWith('!') }));
  const texts = Object.entries(files).map(([name, text]): [string, string] => [name.replace(/!$/, ''), text]);
  const { projects } = discover(new Tree(listed, new Map(texts)));
  const [project] = projects;
  if (!project || projects.length > 1) throw new Error(`an example of ${kind.title} is no project, or several`);
  return project;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
