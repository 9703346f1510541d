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
  /** text that the message of the job must contain */
  message?: string[];
  /** text that the log must contain */
  log: string[];
}

const script = (...lines: string[]) => ['#!/bin/sh', ...lines, ''].join('\n');

export const verdicts: VerdictScenario[] = [
  {
    title: 'is success for a test script that exits with 0',
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
    title: 'is failure for a test script that exits with another code, with that code',
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
    title: 'is failure for a test that a signal ends, with the name of the signal',
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
    title: 'comes without an installation for a Node project without dependencies',
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
    title: "comes from Python's unittest for the original's folder tests/",
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
      ['install', 'success'],
      ['test', 'success'],
    ],
    log: ['found tests/', 'made the Python environment'],
  },
  {
    title: 'is error for a repository without tests, and the message lists what Volt finds',
    files: { README: 'nothing to test' },
    status: 'error',
    reason: 'no_tests_found',
    exitCode: null,
    steps: [],
    message: ['Node, Bun', '`command: …` in .volt.yml'],
    log: [],
  },
  {
    title: 'an invalid .volt.yml is an error of the configuration, with line and column',
    files: { 'test.sh': script('exit 0'), '.volt.yml': 'timeout: 5\ncomand: make\n' },
    status: 'error',
    reason: 'invalid_settings',
    exitCode: null,
    steps: [],
    message: ['.volt.yml:2:1: there is no setting "comand"', 'volt validate'],
    log: [],
  },
  {
    title: 'the command of .volt.yml goes before workflow files and discovery',
    files: {
      'test.sh': script('exit 1'),
      '.volt/workflows/a.yml': 'on: push\njobs: {a: {runs-on: any, steps: [{run: exit 1}]}}\n',
      '.volt.yml':
        'install: echo "installs in $PWD"\ncommand: |\n  echo "with $GREETING"\n  cat result\nenv: {GREETING: hello}\n',
      result: 'by the command',
    },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['install', 'success'],
      ['test', 'success'],
    ],
    log: ['passed over the workflow files', 'installs in /', 'with hello', 'by the command'],
  },
  {
    title: 'the project of a folder is tested in that folder',
    files: { 'server/test.sh': script('echo "here: $PWD"'), 'docs/test.sh': script('exit 1') },
    status: 'success',
    reason: null,
    exitCode: 0,
    steps: [
      ['checkout', 'success'],
      ['test', 'success'],
    ],
    log: ['found server/test.sh: ./test.sh', '/workspace/server'],
  },
  {
    title: "comes from the repository's command if there is one, not from discovery",
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
    title: 'leaves no process of the job behind',
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
    title: "comes from a job that has no variable of Volt's environment",
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
