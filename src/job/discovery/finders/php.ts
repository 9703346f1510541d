import { type Finder, type Found, type ProjectStep, step } from '../project.ts';
import { recordIn, textsIn, valueIn } from '../records.ts';
import type { Tree } from '../tree.ts';

/** For root, such as a job without isolation, Composer leaves out plugins unless this says that it is meant. */
const asRoot = 'COMPOSER_ALLOW_SUPERUSER=1';

const configFiles = ['phpunit.xml', 'phpunit.xml.dist', 'phpunit.dist.xml'];

/** Packages that are test runners, with their programs. The first that is required counts. */
const runners = [
  ['pestphp/pest', 'pest', ''],
  ['phpunit/phpunit', 'phpunit', ''],
  ['symfony/phpunit-bridge', 'simple-phpunit', ''],
  ['phpspec/phpspec', 'phpspec', ' run --no-interaction'],
  ['codeception/codeception', 'codecept', ' run --no-interaction'],
] as const;

/** A PHP project: the script "test" of Composer, else the test runner that it requires. */
export const php: Finder = (tree) => {
  const because = tree.first('composer.json', ...configFiles);
  if (because === undefined) return undefined;
  if (because !== 'composer.json') {
    const why = 'it configures PHPUnit, and there is no composer.json';
    return { kind: 'php', because, why, steps: [step('test', 'phpunit')], ...reported(tree, 'phpunit') };
  }
  const manifest = tree.json(because);
  if (!manifest) return { because, why: 'composer.json is not valid JSON, or too large' };
  const install = step('install', `${asRoot} composer install --no-interaction --no-progress`, ['composer', 'php']);
  const script = valueIn(recordIn(manifest, 'scripts'), 'test');
  if (typeof script === 'string' || textsIn(script).length > 0) {
    // Composer ends a script after 300 s unless told otherwise
    const test = step('test', `${asRoot} composer run-script --timeout=0 test`, ['composer', 'php']);
    const lines = typeof script === 'string' ? [script] : textsIn(script);
    // Composer gives what follows the name of a script to each of its commands
    const added = lines.length === 1 ? reported(tree, lines[0] as string) : {};
    return { kind: 'php', because, why: 'it has the script "test"', steps: [install, test], ...added };
  }
  const config = tree.first(...configFiles);
  const test = byRunner(tree, { ...recordIn(manifest, 'require'), ...recordIn(manifest, 'require-dev') }, manifest);
  if (!test && config !== undefined) {
    const why = `${config} configures PHPUnit, which composer.json does not require`;
    const steps = [install, step('test', 'phpunit', ['phpunit'])];
    return { kind: 'php', because, why, steps, ...reported(tree, 'phpunit') };
  }
  if (!test) return { because, why: 'composer.json has no script "test", and requires no test runner' };
  const steps = [install, test.step];
  return { kind: 'php', because, why: test.why, steps, ...reported(tree, test.step.command) };
};

/** A command that starts PHPUnit, or a program that passes its options on, and does nothing else. */
const plainRunner =
  /^(?:[A-Z_]+=\w* )?(?:@?php (?:-d ?[\w.=-]+ )*)?(?:\.\/)?(?:[\w.-]+\/)*(?:phpunit|simple-phpunit|pest|paratest)(?: [\w./:=@%+,-]+)*$/;

/** PHPUnit writes a report for Volt, unless the project has it write one already. */
function reported(tree: Tree, command: string): Pick<Found, 'reporter' | 'runner'> {
  const configs = configFiles
    .filter((file) => tree.has(file))
    .map((file) => (tree.isRead(file) ? tree.text(file) : '<junit'));
  if (command.length > 1000 || !plainRunner.test(command)) return {};
  const isOwn = /junit|--(?:help|version|list-)/.test(command) || configs.some((text) => text.includes('<junit'));
  return isOwn ? {} : { reporter: 'phpunit', runner: 'PHPUnit' };
}

function byRunner(
  tree: Tree,
  required: { readonly [name: string]: unknown },
  manifest: { readonly [key: string]: unknown },
): { why: string; step: ProjectStep } | undefined {
  const found = runners.find(([name]) => Object.hasOwn(required, name));
  if (!found) return undefined;
  const [name, program, args] = found;
  const config = recordIn(manifest, 'config');
  const vendor = folderIn(config, 'vendor-dir') ?? 'vendor';
  const bin = folderIn(config, 'bin-dir') ?? `${vendor}/bin`;
  // without a configuration PHPUnit does not know where the tests are
  const isBare = program === 'phpunit' && tree.first(...configFiles) === undefined;
  const folder = isBare ? ['tests', 'test'].find((each) => tree.hasFolder(each)) : undefined;
  if (isBare && folder === undefined) return undefined;
  const command = `php ${bin}/${program}${args}${folder === undefined ? '' : ` ${folder}`}`;
  return { why: `it requires ${name}, and has no script "test"`, step: step('test', command, ['php']) };
}

/** A folder that is named plainly. */
function folderIn(config: { readonly [key: string]: unknown }, key: string): string | undefined {
  const value = valueIn(config, key);
  return typeof value === 'string' && /^[\w.][\w./-]{0,200}$/.test(value) ? value.replace(/\/$/, '') : undefined;
}
