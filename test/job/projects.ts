import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { jobEnvironment } from '../../src/system/environment.ts';
import { canMakeEnvironments } from '../support/wheels.ts';

/** Small projects, one of each kind that is discovered, which are tested by the real tools. None needs a download. */

export type Files = { [path: string]: string };

export interface Project {
  what: string;
  files: Files;
  /** what the log holds when the tests have run */
  log: RegExp[];
  /** the single tests whose results are found */
  tests?: string[];
  /** whether what its tests need is on this machine */
  possible?: () => boolean;
  /** what they need of which a first one on the search path may do nothing, as that of rustup */
  program?: string;
  /** a program from the registry of npm that it is tested with, which makes its lock file first */
  by?: { tool: NpmTool; lock: string; file: string };
}

export type NpmTool = keyof typeof npmTools;

/** Packages that hold the package managers, each with what is to be started in it. */
export const npmTools = {
  pnpm: { program: 'pnpm', package: 'pnpm@10', start: 'pnpm/bin/pnpm.cjs' },
  'yarn 1': { program: 'yarn', package: 'yarn@1', start: 'yarn/bin/yarn.js' },
  'yarn 4': { program: 'yarn', package: '@yarnpkg/cli-dist@4', start: '@yarnpkg/cli-dist/bin/yarn.js' },
  // the baseline runs on every processor
  bun: { program: 'bun', package: `${bunPackage()}@1`, start: `${bunPackage()}/bin/bun` },
} as const;

function bunPackage(): string {
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  return `@oven/bun-${system}-${process.arch === 'arm64' ? 'aarch64' : 'x64-baseline'}`;
}

const manifest = (more: object) => JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...more });
const packageLock = JSON.stringify({
  name: 'app',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { helper: 'file:./helper' } },
    helper: { version: '1.0.0' },
    'node_modules/helper': { resolved: 'helper', link: true },
  },
});

/** A package whose test fails where its dependency is not installed. */
const withHelper = {
  'package.json': manifest({ scripts: { test: 'node --test a.test.js' }, dependencies: { helper: 'file:./helper' } }),
  'helper/package.json': JSON.stringify({ name: 'helper', version: '1.0.0' }),
  'helper/index.js': 'module.exports = (a, b) => a + b;\n',
  'a.test.js': "require('node:test')('adds', () => require('node:assert').equal(require('helper')(1, 2), 3));\n",
};

const python = {
  'app.py': 'def add(a, b):\n    return a + b\n',
};
const unittest = `import unittest
from app import add


class Sum(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(add(1, 2), 3)
`;

const java = {
  'src/main/java/App.java': 'public class App { static int add(int a, int b) { return a + b; } }\n',
  'src/test/java/AppTest.java': `import static org.junit.Assert.assertEquals;
import org.junit.Test;

public class AppTest {
  @Test
  public void adds() {
    assertEquals(3, App.add(1, 2));
  }
}
`,
};

/** Debian's Maven repository, from which Maven can be run without a network. */
const debianRepository = '/usr/share/maven-repo';

/** The newest version of one of Maven's plugins that Debian has. */
function pluginVersion(plugin: string): string {
  const folder = join(debianRepository, 'org/apache/maven/plugins', plugin);
  return existsSync(folder) ? (readdirSync(folder).sort(byNumbers).at(-1) ?? '') : '';
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

const plugins = ['maven-resources-plugin', 'maven-compiler-plugin', 'maven-surefire-plugin'];
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>app</groupId>
  <artifactId>app</artifactId>
  <version>1.0.0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope></dependency>
  </dependencies>
  <build>
    <plugins>
${plugins.map((plugin) => `      <plugin><artifactId>${plugin}</artifactId><version>${pluginVersion(plugin)}</version></plugin>`).join('\n')}
    </plugins>
  </build>
</project>
`;
const mavenSettings = `--offline\n-Dmaven.repo.local=target/repository\n-Dmaven.repo.local.tail=${debianRepository}\n`;

const junit = '/usr/share/java/junit4.jar';
const gradle = `apply plugin: 'java'
repositories { flatDir { dirs '/usr/share/java' } }
dependencies {
  testImplementation name: 'junit4'
  testRuntimeOnly name: 'hamcrest'
}
`;

/** The first folder of the search path whose program of that name tells its version. */
export function folderOf(program: string): string | undefined {
  const folders = (jobEnvironment().PATH ?? '').split(delimiter);
  return folders.find((folder) => runs(join(folder, program), '--version'));
}

/** Whether a program ends well. */
function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', env: jobEnvironment() });
    return true;
  } catch {
    return false;
  }
}

export const projects: Project[] = [
  {
    what: 'Node with a lock file, installed by npm ci',
    files: { ...withHelper, 'package-lock.json': packageLock },
    log: [/\$ npm ci /, /\$ npm test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node without a lock file, installed by npm install',
    files: withHelper,
    log: [/\$ npm install /, /\$ npm test\n[\s\S]*pass 1/],
  },
  {
    what: 'Node, installed by pnpm',
    files: withHelper,
    by: { tool: 'pnpm', lock: 'install --lockfile-only', file: 'pnpm-lock.yaml' },
    log: [/\$ pnpm install --frozen-lockfile\n[\s\S]*Done in /, /\$ pnpm test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node, installed by Yarn 1',
    files: withHelper,
    by: { tool: 'yarn 1', lock: 'install', file: 'yarn.lock' },
    log: [/\$ yarn install --frozen-lockfile\n[\s\S]*Done in /, /\$ yarn test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node, installed by Yarn 4',
    files: withHelper,
    by: { tool: 'yarn 4', lock: 'install --mode=update-lockfile', file: 'yarn.lock' },
    log: [/\$ yarn install --immutable\n[\s\S]*Done in /, /\$ yarn test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node, installed by Bun',
    files: withHelper,
    by: { tool: 'bun', lock: 'install --lockfile-only', file: 'bun.lock' },
    log: [/\$ bun install --frozen-lockfile\n[\s\S]*1 package installed/, /\$ bun run test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node with tests of Mocha',
    files: {
      'package.json': manifest({ scripts: { test: 'node mocha.js a.test.js' } }),
      'mocha.js': `import(${JSON.stringify(import.meta.resolve('mocha/bin/mocha.js'))});\n`,
      'a.test.js': "describe('a sum', () => it('is right', () => {}));\n",
    },
    log: [/1 passing/],
    tests: ['a sum > is right'],
  },
  {
    what: 'Cargo',
    files: {
      'Cargo.toml': '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n',
      'src/lib.rs': `pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::add(1, 2), 3);
    }
}
`,
    },
    log: [/found Cargo\.toml: cargo test/, /test result: ok\. 1 passed/],
    tests: ['src/lib.rs > tests::adds'],
    program: 'cargo',
  },
  {
    what: 'Go',
    files: {
      'go.mod': 'module app\n\ngo 1.19\n',
      'app.go': 'package app\n\nfunc Add(a, b int) int { return a + b }\n',
      'app_test.go':
        'package app\n\nimport "testing"\n\nfunc TestAdds(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fail()\n\t}\n}\n',
    },
    log: [/found go\.mod: go test -v \.\/\.\.\./, /--- PASS: TestAdds/],
    tests: ['app > TestAdds'],
    possible: () => runs('go', 'version'),
  },
  {
    what: 'Maven',
    files: { ...java, 'pom.xml': pom, '.mvn/maven.config': mavenSettings },
    log: [/found pom\.xml: mvn --batch-mode test/, /Tests run: 1, Failures: 0/],
    tests: ['AppTest > adds'],
    possible: () =>
      pluginVersion('maven-surefire-plugin') !== '' && runs('mvn', '--version') && runs('javac', '-version'),
  },
  {
    what: 'Gradle',
    files: { ...java, 'build.gradle': gradle },
    log: [/found build\.gradle: gradle --no-daemon --console=plain test/, /BUILD SUCCESSFUL/],
    tests: ['AppTest > adds'],
    possible: () => existsSync(junit) && runs('gradle', '--version') && runs('javac', '-version'),
  },
  {
    what: 'Elixir',
    files: {
      'mix.exs':
        'defmodule App.MixProject do\n  use Mix.Project\n  def project, do: [app: :app, version: "1.0.0"]\nend\n',
      'lib/app.ex': 'defmodule App do\n  def add(a, b), do: a + b\nend\n',
      'test/test_helper.exs': 'ExUnit.start()\n',
      'test/app_test.exs':
        'defmodule AppTest do\n  use ExUnit.Case\n  test "adds", do: assert App.add(1, 2) == 3\nend\n',
    },
    log: [/\$ mix deps\.get/, /1 test, 0 failures/],
    possible: () => runs('mix', '--version'),
  },
  {
    what: 'Python with unittest in tests/, as the original ran them',
    files: { ...python, 'tests/__init__.py': '', 'tests/test_sum.py': unittest },
    log: [/found tests\/: python3 -m unittest discover -v -s tests -t \./, /Ran 1 test[\s\S]*OK/],
    tests: ['tests.test_sum.Sum > test_adds'],
    possible: canMakeEnvironments,
  },
  {
    what: 'Python with a configuration of pytest',
    files: {
      ...python,
      'pyproject.toml': '[tool.pytest.ini_options]\npythonpath = ["."]\n',
      'tests/test_sum.py': 'from app import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n',
    },
    log: [/found pyproject\.toml: python3 -m pytest/, /1 passed/],
    tests: ['tests.test_sum > test_adds'],
    possible: canMakeEnvironments,
  },
  {
    what: 'a Makefile',
    files: { Makefile: 'check:\n\t@echo made by $(MAKE_VERSION)\n' },
    log: [/found Makefile: make check/, /made by \d/],
    possible: () => runs('make', '--version'),
  },
  {
    what: 'test.sh',
    files: { 'test.sh': '#!/bin/sh\necho by hand\n' },
    log: [/found test\.sh: \.\/test\.sh/, /by hand/],
  },
];
