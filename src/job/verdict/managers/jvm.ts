import { access, commit, firstMatch, machine, network, type Rule, tool } from '../blame.ts';

/** Maven, which fetches when it builds the tests. */
export const maven: readonly Rule[] = [
  access(/Could not transfer artifact (\S+) from\/to .*status code: 40[13]/, 'Maven has no access to $1'),
  network(/Could not transfer artifact (\S+) from\/to (\S+ \([^)]*\))/, 'Maven cannot fetch $1 from $2'),
  machine(
    /Cannot access (\S+) \([^)]*\) in offline mode and the artifact (\S+) has not been downloaded/,
    'Maven is offline and has no $2',
    'Fetch it on the runner with `mvn dependency:go-offline`',
  ),
  commit(
    /(?:Could not find artifact|Failure to find) (\S+) in (\S+)/,
    'Maven finds no $1 in $2',
    'Correct its version in pom.xml, or add its repository',
  ),
  commit(/(Non-parseable POM .*?)(?: @|$)/, 'Maven cannot read pom.xml: $1', 'Correct it'),
  tool(
    /(?:error: release version (\S+) not supported|invalid target release: (\S+))/,
    'the project needs Java $1$2',
    'Install that JDK on the runner, and set JAVA_HOME',
  ),
  tool(
    /JAVA_HOME (?:environment variable is not defined correctly|is not set|is set to an invalid directory)/,
    'there is no Java',
    'Install a JDK on the runner, for example `apt-get install default-jdk`',
  ),
];

/** Gradle, which fetches when it builds the tests. */
export const gradle: readonly Rule[] = [
  access(/Could not (?:GET|HEAD) '([^']+)'.* (?:40[13])/, 'Gradle has no access to $1'),
  network(/Could not (?:GET|HEAD) '([^']+)'/, 'Gradle cannot reach $1'),
  network(
    /Exception in thread "main" java\.(?:net|io|util)\.\S*(UnknownHost|Connect|SocketTimeout|Timeout)\w*/,
    ([what], lines) =>
      firstMatch(lines, /^Downloading (https?:\S+gradle\S+)/) && `the Gradle wrapper cannot fetch Gradle (${what})`,
  ),
  machine(
    /No cached version of (\S+) available for offline mode/,
    'Gradle is offline and has no $1',
    'Run the build on the runner without `--offline` once',
  ),
  // said of a plugin that does not exist, and where no repository can be reached
  machine(
    /^Plugin \[id: '([\w.-]{1,200})'[^\]]{0,200}\] was not found in any of the following sources:$/,
    'Gradle finds no plugin $1',
    'Correct its name and version, or give the runner access to a repository that has it',
  ),
  commit(
    /^[>\s]*Could not find ([\w.-]+:[\w.-]+:[\w.+-]+)\.$/,
    'Gradle finds no $1',
    'Correct its version, or add its repository',
  ),
  tool(
    /(Unsupported class file major version \d+|No matching toolchains found.*|requires at least JVM runtime version \d+|Could not determine java version from .*)/,
    'Gradle needs another Java: $1',
    'Install that JDK on the runner, and set JAVA_HOME',
  ),
  tool(
    /SDK location not found/,
    'there is no Android SDK',
    'Install it on the runner, and set ANDROID_HOME with `volt repo set NAME --env`',
  ),
];
