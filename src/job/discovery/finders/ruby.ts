import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** A Ruby project: the task of its Rakefile, else RSpec, Rails or Minitest by its files. */
export const ruby: Finder = (tree) => {
  const rakefile = tree.first('Rakefile', 'rakefile', 'Rakefile.rb', 'rakefile.rb');
  const gemspec = tree.names().find((name) => name.endsWith('.gemspec') && tree.has(name));
  const because = tree.has('Gemfile') ? 'Gemfile' : (rakefile ?? gemspec ?? tree.first('.rspec'));
  if (because === undefined) return undefined;
  const tests = testsOf(tree, rakefile === undefined ? '' : tree.text(rakefile));
  if (!tests) return { because, why: 'it has neither a task for tests nor files of RSpec or Minitest' };
  const isBundled = tree.has('Gemfile');
  const command = isBundled ? `bundle exec ${tests.command}` : tests.command;
  const programs = isBundled ? ['bundle'] : [tests.command.split(' ')[0] as string];
  return {
    kind: 'ruby',
    because: isBundled ? because : (tests.file ?? because),
    why: tests.why,
    steps: [...(isBundled ? [step('install', installOf(tree), ['bundle'])] : []), step('test', command, programs)],
    ...(tests.isRspec && { runner: 'RSpec' }),
    ...(tests.isMinitest && { reporter: 'minitest' }),
    ...(tests.isMinitest && printsTotals(tree) && { runner: 'Minitest' }),
  };
};

/** What the machine has is used if that is all; the rest is kept in the checkout, since a job may not write to the machine. */
function installOf(tree: Tree): string {
  const frozen = tree.has('Gemfile.lock') ? ' && bundle config set --local frozen true' : '';
  return `bundle install --local >/dev/null 2>&1 || { bundle config set --local path vendor/bundle${frozen} && bundle install; }`;
}

interface Tests {
  command: string;
  why: string;
  /** the file that tells it */
  file?: string;
  /** whether it starts tests of Minitest or test-unit */
  isMinitest?: boolean;
  /** whether it starts RSpec, which writes a report for Volt */
  isRspec?: boolean;
}

function testsOf(tree: Tree, rakefile: string): Tests | undefined {
  const files = tree.own('.rb');
  const spec = files.find((path) => /^spec\/.*_spec\.rb$/.test(path));
  const task = taskIn(rakefile, spec !== undefined);
  if (task !== undefined) {
    const isMinitest = task === 'test' && testTask.test(rakefile);
    const isRspec = spec !== undefined && !isMinitest && startsRspec.test(rakefile);
    return { command: `rake ${task}`, why: `the Rakefile has the task "${task}"`, isMinitest, isRspec };
  }
  if (spec !== undefined) return { command: 'rspec', why: `it has specs such as ${spec}`, isRspec: true };
  const test = files.find((path) => /^test\/(.*\/)?(test_[^/]*|[^/]*_test)\.rb$/.test(path));
  if (test === undefined) return undefined;
  const why = `it has tests such as ${test}`;
  if (tree.has('bin/rails')) return { command: 'ruby bin/rails test', why, isMinitest: true };
  const all = 'Dir["./test/**/{test_*,*_test}.rb"].sort.each { |file| require file }';
  return { command: `ruby -Ilib -Itest -e '${all}'`, why, isMinitest: true };
}

/**
 * Whether the tests tell how many ran: the project names Minitest or test-unit, and no reporter of its own.
 */
function printsTotals(tree: Tree): boolean {
  const files = tree.names().filter((name) => /^(Gemfile|[Rr]akefile(\.rb)?|[\w.-]+\.gemspec)$/.test(name));
  const helpers = tree.below('test').filter((path) => path.endsWith('test_helper.rb'));
  const all = [...files, ...helpers].filter((path) => tree.has(path));
  const text = all.map((path) => tree.text(path)).join('\n');
  const isNamed = /minitest|test-unit|test\/unit|Test::Unit|\brails\b/i.test(text);
  return isNamed && all.every((path) => tree.isRead(path)) && !/report|formatter|\bturn\b|Runner/.test(text);
}

/** What makes the task "test" in a Rakefile. */
const testTask = /^[^\S\n]*(?:Rake|Minitest)::TestTask\.(?:new|create)[^\S\n]*(?:\(?:test\)?|do|\{|$)/m;

/** What starts RSpec in a Rakefile: its own class for tasks, or a command. */
const startsRspec =
  /^[^\S\n]*(?:RSpec::Core::RakeTask\.new\b|(?:sh|system|exec)[^\S\n(]*\(?[^\S\n]*["'](?:bundle exec )?rspec\b)/m;

/**
 * The task for tests: as a class for tests or `task` makes it.
 * @param hasSpecs a task "spec" may also write a specification
 */
function taskIn(rakefile: string, hasSpecs: boolean): string | undefined {
  if (testTask.test(rakefile)) return 'test';
  if (/^[^\S\n]*(?:RSpec::Core::)?RakeTask\.new[^\S\n]*(?:\(?:spec\)?|do|\{|$)/m.test(rakefile)) return 'spec';
  // Rails knows the task, and more of its tests
  if (/^Rails\.application\.load_tasks/m.test(rakefile)) return undefined;
  // Hoe and others define the task "test" themselves
  if (/^[^\S\n]*Hoe\.spec\b/m.test(rakefile)) return 'test';
  const tasks = rakefile.matchAll(
    /^[^\S\n]*task[^\S\n]*\(?[^\S\n]*(?::(test|spec)\b|["'](test|spec)["']|(test|spec):)/gm,
  );
  const names = new Set([...tasks].map((found) => found[1] ?? found[2] ?? found[3]));
  if (names.has('test')) return 'test';
  return names.has('spec') && hasSpecs ? 'spec' : undefined;
}
