import { expect } from 'chai';
import { findsEach, passedOverOf, passesOverEach, runsOf } from '../trees.ts';

describe('discovery of Makefiles, justfiles, Taskfiles and scripts', () => {
  findsEach([
    ['the target "test"', { Makefile: 'all: x\n\ntest: all\n\t./x\n' }, 'make test'],
    ['the target "check"', { makefile: '.PHONY: check\ncheck:\n\t./x\n' }, 'make check'],
    ['one of several targets on a line', { Makefile: 'check test: all\n\t./x\n' }, 'make test'],
    ['a target with a double colon', { Makefile: 'check:: all\n' }, 'make check'],
    ['the Makefile that GNU make prefers', { GNUmakefile: 'test :\n', Makefile: 'check:\n' }, 'make test'],
    [
      'a target "check" that works beside a target "test" that does nothing',
      { Makefile: 'test:\n\t@true\n\ncheck:\n\t-@./x\n' },
      'make check',
    ],
    ['a target whose prerequisites do the work', { Makefile: 'test: unit\n\t@true\n' }, 'make test'],
    ['a target whose recipe prints something', { Makefile: 'test:\n\t@echo x\n' }, 'make test'],
    ['a target whose recipe is on its own line', { Makefile: 'test: ; true; ./x\n' }, 'make test'],
    [
      'a target that runs Dune where a dune file may have tests',
      { Makefile: 'test:\n\tdune runtest\n', 'a/dune': '(alias (name runtest))' },
      'make test',
    ],
    ['a recipe', { justfile: 'set shell := ["sh"]\n\n@test *args: build\n    ./x {{args}}\n' }, 'just test'],
    ['a recipe whose parameters have defaults', { '.justfile': "test name='all' +more='':\n" }, 'just test'],
    [
      'a task',
      { 'Taskfile.yml': "version: '3'\n\ntasks:\n  default:\n    deps: [test]\n  'test':\n    cmds:\n      - ./x\n" },
      'task test',
    ],
    ['a task of a Taskfile for distribution', { 'taskfile.dist.yaml': 'tasks:\n    check: ./x\n' }, 'task check'],
    ['a script', { 'test.sh!': '#!/bin/sh\n' }, './test.sh'],
  ]);

  passesOverEach([
    [
      'a Makefile without such a target',
      { Makefile: 'testing:\n\ntest := 1\ncheck::=2\ntests = a:b\n\ttest: x\n# check: x\n' },
      'Makefile: Makefile has no target "test" or "check"',
    ],
    [
      'a Makefile that includes another',
      { Makefile: 'include test.mk\n' },
      'Makefile: Makefile has no target "test" or "check"',
    ],
    [
      'a Makefile whose target does nothing',
      { Makefile: 'test:\n\t# later\n\t@true\n\ncheck: ; exit 0\n' },
      'Makefile: its target "test" runs no tests',
    ],
    [
      'a Makefile whose target runs Dune where no dune file has tests',
      { Makefile: 'test:\n\t@dune runtest\n\ncheck: test\n', 'src/dune': '(library (name x))' },
      'Makefile: its target "test" runs no tests',
    ],
    [
      'a justfile whose recipe asks for an argument',
      { justfile: 'test name:\n\ncheck := "a"\n' },
      'justfile: justfile has no recipe "test" or "check"',
    ],
    [
      'a Taskfile without such a task',
      { 'Taskfile.yml': 'vars:\n  test: 1\ntasks:\n  build:\n    test: x\nincludes:\n  check: ./x\n' },
      'Taskfile.yml: Taskfile.yml has no task "test" or "check"',
    ],
    [
      'a script that may not be executed',
      { 'test.sh': '#!/bin/sh\n' },
      'test.sh: test.sh may not be executed (chmod +x)',
    ],
  ]);

  it('counts only where no language has tests, and says so', () => {
    const files = { 'go.mod': 'module x', Makefile: 'test:\n', 'test.sh!': '' };
    expect(runsOf(files)).to.deep.equal(['go test -v ./...']);
    expect(passedOverOf(files)).to.deep.equal([
      'Makefile: the tests are run as go.mod says',
      'test.sh: the tests are run as go.mod says',
    ]);
  });
});
