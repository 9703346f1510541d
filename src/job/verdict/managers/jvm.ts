import { firstMatch, ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Maven, which fetches when it builds the tests. */
export const maven: readonly Rule[] = [
  {
    line: /Could not transfer artifact (\S+) from\/to .*status code: 40[13]/,
    blame: ([name]) => ofAccess(`Maven has no access to ${name}`),
  },
  {
    line: /Could not transfer artifact (\S+) from\/to (\S+ \([^)]*\))/,
    blame: ([name, from]) => ofNetwork(`Maven cannot fetch ${name} from ${from}`),
  },
  {
    line: /Cannot access (\S+) \([^)]*\) in offline mode and the artifact (\S+) has not been downloaded/,
    blame: ([, name]) =>
      ofMachine(`Maven is offline and has no ${name}`, 'Fetch it on the runner with `mvn dependency:go-offline`'),
  },
  {
    line: /(?:Could not find artifact|Failure to find) (\S+) in (\S+)/,
    blame: ([name, from]) =>
      ofCommit(`Maven finds no ${name} in ${from}`, 'Correct its version in pom.xml, or add its repository'),
  },
  {
    line: /(Non-parseable POM .*?)(?: @|$)/,
    blame: ([said]) => ofCommit(`Maven cannot read pom.xml: ${said}`, 'Correct it'),
  },
  {
    line: /(?:error: release version (\S+) not supported|invalid target release: (\S+))/,
    blame: ([a, b]) => ofTool(`the project needs Java ${a || b}`, 'Install that JDK on the runner, and set JAVA_HOME'),
  },
  {
    line: /JAVA_HOME (?:environment variable is not defined correctly|is not set|is set to an invalid directory)/,
    blame: () => ofTool('there is no Java', 'Install a JDK on the runner, for example `apt-get install default-jdk`'),
  },
];

/** Gradle, which fetches when it builds the tests. */
export const gradle: readonly Rule[] = [
  {
    line: /Could not (?:GET|HEAD) '([^']+)'.* (?:40[13])/,
    blame: ([url]) => ofAccess(`Gradle has no access to ${url}`),
  },
  {
    line: /Could not (?:GET|HEAD) '([^']+)'/,
    blame: ([url]) => ofNetwork(`Gradle cannot reach ${url}`),
  },
  {
    line: /Exception in thread "main" java\.(?:net|io|util)\.\S*(UnknownHost|Connect|SocketTimeout|Timeout)\w*/,
    blame: ([what], lines) =>
      firstMatch(lines, /^Downloading (https?:\S+gradle\S+)/) === undefined
        ? undefined
        : ofNetwork(`the Gradle wrapper cannot fetch Gradle (${what})`),
  },
  {
    line: /No cached version of (\S+) available for offline mode/,
    blame: ([name]) =>
      ofMachine(`Gradle is offline and has no ${name}`, 'Run the build on the runner without `--offline` once'),
  },
  {
    line: /^[>\s]*Could not find ([\w.-]+:[\w.-]+:[\w.+-]+)\.$/,
    blame: ([name]) => ofCommit(`Gradle finds no ${name}`, 'Correct its version, or add its repository'),
  },
  {
    line: /(Unsupported class file major version \d+|No matching toolchains found.*|requires at least JVM runtime version \d+|Could not determine java version from .*)/,
    blame: ([said]) =>
      ofTool(`Gradle needs another Java: ${said?.trim()}`, 'Install that JDK on the runner, and set JAVA_HOME'),
  },
  {
    line: /SDK location not found/,
    blame: () =>
      ofTool(
        'there is no Android SDK',
        'Install it on the runner, and set ANDROID_HOME with `volt repo set NAME --env`',
      ),
  },
];
