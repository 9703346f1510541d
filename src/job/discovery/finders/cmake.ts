import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, step } from '../project.ts';
import { type Fields, isRecord, recordIn, textsIn, valueIn } from '../records.ts';
import type { Tree } from '../tree.ts';

/** What makes tests for ctest; `add_test` alone is found by ctest only where testing is enabled, too. */
const enables =
  /^[^\S\n]*(?:enable_testing|add_test|\w{0,40}_discover_tests)[^\S\n]*\(|^[^\S\n]*include[^\S\n]*\([^\S\n]*CTest\b/im;

/** An option of the project that is off by default and is about tests, such as `FOO_BUILD_TESTS`. */
const option =
  /^[^\S\n]*option[^\S\n]*\([^\S\n]*((?:\w{0,60}_)?(?:BUILD|ENABLE|WITH)_(?:UNIT_?)?TEST(?:S|ING)?|\w{1,60}_(?:BUILD_)?TEST(?:S|ING))[^\S\n]+"[^"\n]{0,300}"[^\S\n]+(?:OFF|NO|FALSE|0)[^\S\n]*\)/gim;

/** A CMake project with tests for ctest: configured, built and tested by its preset for that, else in a folder `build`. */
export const cmake: Finder = (tree) => {
  const because = 'CMakeLists.txt';
  if (!tree.has(because)) return undefined;
  const enabling = tree.own('CMakeLists.txt').find((path) => enables.test(tree.text(path)));
  if (enabling === undefined)
    return { because, why: 'no CMakeLists.txt of it has enable_testing, include(CTest) or add_test' };
  const preset = presetOf(tree);
  if (preset) return { kind: 'cmake', because: 'CMakePresets.json', ...preset };
  const build = shellWord(freeName(tree, 'build'));
  const options = [...tree.text(because).matchAll(option)].map(([, name]) => name as string);
  const switched = [...new Set(options)].slice(0, 10);
  return {
    kind: 'cmake',
    because,
    why: [`${enabling} has tests`, ...(switched.length > 0 ? [`${switched.join(', ')} must be on for them`] : [])].join(
      '; ',
    ),
    steps: [
      step('configure', ['cmake -S . -B', build, ...switched.map((name) => `-D${name}=ON`)].join(' ')),
      step('build', `cmake --build ${build} --parallel "$(getconf _NPROCESSORS_ONLN)"`),
      step('test', `ctest --test-dir ${build} --output-on-failure --no-tests=error`, ['ctest']),
    ],
    // a preset may have it print nothing
    runner: 'ctest',
  };
};

/** A name that nothing in the root of the repository has. */
export function freeName(tree: Tree, name: string): string {
  return tree.has(name) || tree.hasFolder(name) ? freeName(tree, `${name}-volt`) : name;
}

interface Preset {
  name: string;
  fields: Fields;
}

/** Presets for another system, which this one cannot configure. */
const elsewhere = /win|msvc|vs20|visual|mac|osx|darwin|apple|xcode|android|ios|emscripten|wasm/i;

/** The first test preset that can be used on Linux, with the presets for configuring and building that belong to it. */
function presetOf(tree: Tree): { why: string; steps: ReturnType<typeof step>[] } | undefined {
  const file = tree.json('CMakePresets.json');
  if (!file) return undefined;
  const tests = presetsIn(file, 'testPresets');
  const configures = presetsIn(file, 'configurePresets');
  for (const test of tests.filter(isUsable)) {
    const configure = configures.find(({ name }) => name === inherited(test, tests, 'configurePreset'));
    if (!configure || !isUsable(configure)) continue;
    const builds = presetsIn(file, 'buildPresets');
    const build = builds.find(
      (each) => isUsable(each) && inherited(each, builds, 'configurePreset') === configure.name,
    );
    if (!build) continue;
    return {
      why: `it has the test preset ${test.name}`,
      steps: [
        step('configure', `cmake --preset ${shellWord(configure.name)}`),
        step('build', `cmake --build --preset ${shellWord(build.name)}`),
        step('test', `ctest --preset ${shellWord(test.name)} --output-on-failure --no-tests=error`, ['ctest']),
      ],
    };
  }
  return undefined;
}

function presetsIn(file: Fields, key: string): Preset[] {
  const list = valueIn(file, key);
  if (!Array.isArray(list)) return [];
  return list.slice(0, 100).flatMap((fields): Preset[] => {
    const name = isRecord(fields) ? valueIn(fields, 'name') : undefined;
    return typeof name === 'string' && /^[\w.+-]{1,100}$/.test(name) ? [{ name, fields: fields as Fields }] : [];
  });
}

function isUsable({ name, fields }: Preset): boolean {
  const condition = recordIn(fields, 'condition');
  const isForLinux = !Object.hasOwn(fields, 'condition') || (condition.type === 'equals' && condition.rhs === 'Linux');
  return fields.hidden !== true && isForLinux && !elsewhere.test(name);
}

/** A field of a preset, its own or that of one of those that it inherits from. */
function inherited(preset: Preset, all: readonly Preset[], key: string): unknown {
  const waiting = [preset];
  for (let count = 0; count < 20; count++) {
    const next = waiting.shift();
    if (!next) return undefined;
    const own = valueIn(next.fields, key);
    if (own !== undefined) return own;
    const { inherits } = next.fields;
    const names = typeof inherits === 'string' ? [inherits] : textsIn(inherits);
    waiting.push(...all.filter(({ name }) => names.includes(name)).slice(0, 20));
  }
  return undefined;
}
