import { expect } from 'chai';
import { findsEach, passedOverOf, passesOverEach, projectOf, runsOf } from '../trees.ts';

const build = 'cmake --build build --parallel "$(getconf _NPROCESSORS_ONLN)"';
const ctest = 'ctest --test-dir build --output-on-failure --no-tests=error';
const plain = `cmake -S . -B build, ${build}, ${ctest}`;
const enabled = { 'CMakeLists.txt': 'project(a)\nenable_testing()\n' };
const presets = (value: object) => ({ ...enabled, 'CMakePresets.json': JSON.stringify(value) });

describe('discovery of CMake, Meson and Autotools projects', () => {
  findsEach([
    ['a CMake project with tests', enabled, plain],
    ['a CMake project that includes CTest', { 'CMakeLists.txt': 'project(a)\n  INCLUDE( CTest )\n' }, plain],
    [
      'a CMake project whose tests are added in a folder',
      { 'CMakeLists.txt': '', 'test/CMakeLists.txt': 'add_test(NAME a COMMAND a)\n' },
      plain,
    ],
    [
      'a CMake project whose tests are an option, which is switched on',
      {
        'CMakeLists.txt':
          'option(FOO_BUILD_TESTS "Build the tests" OFF)\noption(FOO_TESTING_TOOLS "x" OFF)\nenable_testing()\n',
      },
      `cmake -S . -B build -DFOO_BUILD_TESTS=ON, ${build}, ${ctest}`,
    ],
    [
      'a CMake project that has a folder build itself, in another one',
      { ...enabled, 'build/notes.txt': '' },
      plain
        .replaceAll('-B build', '-B build-volt')
        .replaceAll('--build build', '--build build-volt')
        .replaceAll('dir build', 'dir build-volt'),
    ],
    [
      'a CMake project by its presets',
      presets({
        configurePresets: [
          { name: 'base', hidden: true },
          { name: 'dev', inherits: ['base'] },
        ],
        buildPresets: [{ name: 'dev', configurePreset: 'dev' }],
        testPresets: [
          { name: 'common', hidden: true, configurePreset: 'dev' },
          { name: 'unit', inherits: 'common' },
        ],
      }),
      'cmake --preset dev, cmake --build --preset dev, ctest --preset unit --output-on-failure --no-tests=error',
    ],
    [
      'a CMake project without the presets that are for another system',
      presets({
        configurePresets: [
          { name: 'windows' },
          { name: 'a', condition: { type: 'equals', lhs: '${hostSystemName}', rhs: 'Darwin' } },
        ],
        buildPresets: [
          { name: 'windows', configurePreset: 'windows' },
          { name: 'a', configurePreset: 'a' },
        ],
        testPresets: [
          { name: 'windows', configurePreset: 'windows' },
          { name: 'a', configurePreset: 'a' },
        ],
      }),
      plain,
    ],
    ['a CMake project whose presets have no tests', presets({ configurePresets: [{ name: 'dev' }] }), plain],
    [
      'a CMake project whose presets are nonsense',
      presets({ testPresets: [1, null, { name: 'a b' }, { name: 'a', inherits: 'a' }] }),
      plain,
    ],
    [
      'a Meson project',
      {
        'meson.build': "project('a')\nsubdir('test')\n",
        'test/meson.build': "exe = executable('a')\ntest('a', exe)\n",
      },
      'meson setup build, meson compile -C build, meson test -C build --no-rebuild --print-errorlogs',
    ],
    [
      'a project of Autoconf and Automake',
      { 'configure.ac': '', 'Makefile.am': 'SUBDIRS = tests\n', 'tests/Makefile.am': 'TESTS = a\n' },
      'autoreconf --install && ./configure, make -j"$(getconf _NPROCESSORS_ONLN)", make check',
    ],
    [
      'a project whose configure makes a Makefile with tests in a folder of examples',
      { 'configure.ac': 'AC_CONFIG_FILES([Makefile examples/Makefile])\n', 'examples/Makefile.am': 'TESTS = a\n' },
      'autoreconf --install && ./configure, make -j"$(getconf _NPROCESSORS_ONLN)", make check',
    ],
    [
      'a project with a script that makes its configure',
      { 'configure.ac': '', 'Makefile.am': 'check-local: a\n', 'autogen.sh!': '' },
      'NOCONFIGURE=1 ./autogen.sh && ./configure, make -j"$(getconf _NPROCESSORS_ONLN)", make check',
    ],
    [
      'a project that includes the list of its tests',
      { 'configure.ac': '', 'Makefile.am': 'check_PROGRAMS = a\ninclude tests.mk\n' },
      'autoreconf --install && ./configure, make -j"$(getconf _NPROCESSORS_ONLN)", make check',
    ],
    [
      'a project that holds its configure',
      { 'configure.ac': '', 'Makefile.am': 'TESTS = a\n', 'configure!': '' },
      './configure, make -j"$(getconf _NPROCESSORS_ONLN)", make check',
    ],
  ]);

  passesOverEach([
    [
      'a CMake project without tests',
      { 'CMakeLists.txt': '# enable_testing()\nset(add_test 1)\n' },
      'CMakeLists.txt: no CMakeLists.txt of it has enable_testing, include(CTest) or add_test',
    ],
    [
      'a CMake project with tests of what it contains alone',
      { 'CMakeLists.txt': '', 'third_party/x/CMakeLists.txt': 'enable_testing()\n' },
      'CMakeLists.txt: no CMakeLists.txt of it has enable_testing, include(CTest) or add_test',
    ],
    [
      'a Meson project without tests',
      { 'meson.build': "benchmark('a')\nmy_test('b')\n", 'subprojects/x/meson.build': "test('a')\n" },
      'meson.build: no meson.build of it has a test()',
    ],
    [
      'a project of Autoconf that builds programs for tests and runs none',
      { 'configure.ac': '', 'Makefile.am': 'check_PROGRAMS = a\n' },
      'configure.ac: no Makefile.am of it has tests',
    ],
    [
      'a project of Autoconf with tests of an example alone',
      { 'configure.ac': '', 'Makefile.am': '', 'examples/Makefile.am': 'TESTS = a\n' },
      'configure.ac: no Makefile.am of it has tests',
    ],
    [
      'a project of Autoconf without tests',
      { 'configure.ac': '', 'Makefile.am': '' },
      'configure.ac: no Makefile.am of it has tests',
    ],
  ]);

  it('names steps so that the one that failed is known', () => {
    expect(projectOf(enabled).steps.map(({ name }) => name)).to.deep.equal(['configure', 'build', 'test']);
    expect(projectOf({ 'meson.build': "test('a')" }).reports).to.deep.equal(['build/meson-logs/testlog.junit.xml']);
  });

  it('tests a project once that has several build systems', () => {
    const files = { ...enabled, 'meson.build': "test('a', b)\n" };
    expect(runsOf(files)).to.deep.equal([plain]);
    expect(passedOverOf(files)).to.deep.equal(['meson.build: the tests are run as CMakeLists.txt says']);
  });
});
