import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Kind, noDependency, noTests } from './kind.ts';
import { runs } from './machine.ts';

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
const pom = (dependency = '') => `<project xmlns="http://maven.apache.org/POM/4.0.0">
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
    ${dependency}
  </dependencies>
  <build>
    <plugins>
${plugins.map((plugin) => `      <plugin><artifactId>${plugin}</artifactId><version>${pluginVersion(plugin)}</version></plugin>`).join('\n')}
    </plugins>
  </build>
</project>
`;
/** Debian's Surefire waits 30 s for the end of a JVM that it has started for the tests. */
const mavenSettings = `--offline\n-DforkCount=0\n-Dmaven.repo.local=target/repository\n-Dmaven.repo.local.tail=${debianRepository}\n`;

const junit = '/usr/share/java/junit4.jar';
const gradle = `apply plugin: 'java'
repositories { flatDir { dirs '/usr/share/java' } }
dependencies {
  testImplementation name: 'junit4'
  testRuntimeOnly name: 'hamcrest'
}
`;

const app = { 'src/main/java/App.java': 'public class App { static int add(int a, int b) { return a + b; } }\n' };
const test = (sum: number) => ({
  'src/test/java/AppTest.java': `import static org.junit.Assert.assertEquals;
import org.junit.Test;

public class AppTest {
  @Test
  public void adds() {
    assertEquals(${sum}, App.add(1, 2));
  }
}
`,
});

export const javaKinds: Kind[] = [
  {
    what: 'Java with Maven',
    title: 'Maven',
    files: { ...app, 'pom.xml': pom(), '.mvn/maven.config': mavenSettings },
    commands: ['mvn --batch-mode test'],
    green: { files: test(3), passed: ['AppTest > adds'] },
    red: { files: test(4), failed: ['AppTest > adds'] },
    'missing dependency': {
      files: {
        ...test(3),
        'pom.xml': pom(
          '<dependency><groupId>absent</groupId><artifactId>absent</artifactId><version>1</version></dependency>',
        ),
      },
      ends: { ...noDependency, message: /Maven is offline and has no absent:absent:jar:1/ },
    },
    'no tests': { files: {}, ends: noTests },
    possible: () =>
      pluginVersion('maven-surefire-plugin') !== '' && runs('mvn', '--version') && runs('javac', '-version'),
  },
  {
    what: 'Java with Gradle',
    title: 'Gradle',
    files: { ...app, 'build.gradle': gradle },
    commands: ['gradle --no-daemon --console=plain test'],
    green: { files: test(3), passed: ['AppTest > adds'] },
    possible: () => existsSync(junit) && runs('gradle', '--version') && runs('javac', '-version'),
  },
];
