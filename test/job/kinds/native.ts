import { type Kind, noDependency, noTests } from './kind.ts';
import { runs } from './machine.ts';

const c = (sum: number) => ({
  'test.c': `static int add(int a, int b) { return a + b; }\nint main(void) { return add(1, 2) == ${sum} ? 0 : 1; }\n`,
});
const cmake = (...lines: string[]) => ({
  'CMakeLists.txt': ['cmake_minimum_required(VERSION 3.10)', 'project(app C)', 'enable_testing()', ...lines, ''].join(
    '\n',
  ),
});
const cmakeTest = ['add_executable(sum test.c)', 'add_test(NAME adds COMMAND sum)'];
const meson = (...lines: string[]) => ({ 'meson.build': ["project('app', 'c')", ...lines, ''].join('\n') });
const mesonTest = ["test('adds', executable('sum', 'test.c'))"];

export const nativeKinds: Kind[] = [
  {
    what: 'CMake',
    title: 'CMake',
    files: { ...cmake(...cmakeTest), ...c(3) },
    commands: ['cmake -S . -B build', 'cmake --build build ', 'ctest --test-dir build '],
    green: { files: {}, passed: [' > adds'] },
    red: { files: c(4), failed: [' > adds'] },
    'missing dependency': {
      files: cmake('find_package(Absent REQUIRED)', ...cmakeTest),
      ends: { ...noDependency, message: /the library Absent is missing/ },
    },
    'no tests': { files: cmake(), ends: noTests },
    possible: () => runs('cmake', '--version') && runs('cc', '--version'),
  },
  {
    what: 'Meson',
    title: 'Meson',
    files: { ...meson(...mesonTest), ...c(3) },
    commands: ['meson setup build', 'meson compile -C build', 'meson test -C build '],
    green: { files: {}, passed: ['app > adds'] },
    red: { files: c(4), failed: ['app > adds'] },
    'missing dependency': {
      files: meson("dependency('absent')", ...mesonTest),
      ends: { ...noDependency, message: /the library absent is missing/ },
    },
    'no tests': { files: meson('if false', ...mesonTest, 'endif'), ends: noTests },
    possible: () => runs('meson', '--version') && runs('ninja', '--version') && runs('cc', '--version'),
  },
  {
    what: 'a Makefile whose program prints TAP',
    title: 'Make',
    files: { Makefile: 'check: all\n\t@./tap.sh\n\nall:\n' },
    commands: ['make check'],
    green: { files: { 'tap.sh': '#!/bin/sh\necho 1..1\necho ok 1 - adds\n' }, passed: [' > adds'] },
    red: { files: { 'tap.sh': '#!/bin/sh\necho 1..1\necho not ok 1 - adds\nexit 1\n' }, failed: [' > adds'] },
    'missing dependency': {
      files: { 'tap.sh': '#!/bin/sh\nabsent-program\n' },
      ends: { status: 'error', reason: 'tool_missing', message: /there is no program absent-program/ },
    },
    'no tests': { files: { 'tap.sh': '#!/bin/sh\necho 1..0\n' }, ends: noTests },
    possible: () => runs('make', '--version'),
  },
  {
    what: 'test.sh',
    title: 'Script',
    files: {},
    commands: ['./test.sh'],
    green: { files: { 'test.sh': '#!/bin/sh\necho by hand\n' } },
    red: { files: { 'test.sh': '#!/bin/sh\nexit 3\n' } },
    'missing dependency': {
      files: { 'test.sh': '#!/bin/sh\nabsent-program\n' },
      ends: { status: 'error', reason: 'tool_missing', message: /there is no program absent-program/ },
    },
    'no tests': { files: { 'test.sh': '#!/bin/sh\necho "# tests 0"\n' } },
  },
];
