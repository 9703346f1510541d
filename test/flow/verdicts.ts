import type { FinalStatus, Reason } from '../../src/kernel/model.ts';

/** A commit, and the verdict that it must get. */
export interface VerdictScenario {
  title: string;
  /** files of the commit; those that end in `.sh` are executable */
  files: { [path: string]: string };
  command?: string;
  status: FinalStatus;
  reason: Reason | null;
  exitCode?: number | null;
  /** steps and their statuses */
  steps: [name: string, status: string][];
  /** text that the log must contain */
  log: string[];
}

const script = (...lines: string[]) => ['#!/bin/sh', ...lines, ''].join('\n');

export const verdicts: VerdictScenario[] = [
  {
    title: 'a test script that exits with 0 is a success',
    files: { 'test.sh': script('echo all is well') },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['found test.sh: ./test.sh', 'all is well'],
  },
  {
    title: 'a test script that exits with another code is a failure, and the code is kept',
    files: { 'test.sh': script('echo broken >&2', 'exit 42') },
    status: 'failure',
    reason: 'exit_code',
    exitCode: 42,
    steps: [
      ['checkout', 'success'],
      ['test', 'failure'],
    ],
    log: ['broken', 'exited with code 42'],
  },
  {
    title: 'a test that a signal ends is a failure that names the signal',
    files: { 'test.sh': script('kill -SEGV $$') },
    command: 'exec ./test.sh',
    status: 'failure',
    reason: 'signal',
    exitCode: null,
    steps: [
      ['checkout', 'success'],
      ['test', 'failure'],
    ],
    log: ['was ended by SIGSEGV'],
  },
  {
    title: 'a Node project without dependencies is tested without an installation',
    files: {
      'package.json': JSON.stringify({ name: 'a', scripts: { test: 'node --test' } }),
      'a.test.js': "require('node:test')('adds', () => require('node:assert').equal(1 + 1, 2));",
    },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['found package.json: npm test', 'pass 1'],
  },
  {
    title: "the original's folder tests/ is found and run by Python's unittest",
    files: {
      'tests/__init__.py': '',
      'tests/test_sum.py':
        'import unittest\n\nclass Sum(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(1 + 1, 2)\n',
    },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['found tests/'],
  },
  {
    title: 'a repository without tests is an error of the configuration, which says what would be found',
    files: { README: 'nothing to test' },
    status: 'error',
    reason: 'no_tests_found',
    exitCode: null,
    steps: [['checkout', 'success']],
    log: ['package.json', 'executable test.sh'],
  },
  {
    title: 'a command of the repository goes before discovery',
    files: { 'test.sh': script('exit 1') },
    command: 'echo by command',
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['$ echo by command', 'by command'],
  },
  {
    title: 'what a job leaves running ends with it',
    files: { 'test.sh': script('setsid sleep 300 >/dev/null 2>&1 &', 'echo left one behind') },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['left one behind'],
  },
  {
    title: "a job sees nothing of Volt's environment",
    files: { 'test.sh': script('env', 'if env | grep -q ^VOLT_; then exit 1; fi') },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['CI=true'],
  },
];
