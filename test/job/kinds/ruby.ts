import { type Kind, noDependency, noTests } from './kind.ts';
import { runs } from './machine.ts';

const minitest = (sum: number) => `require 'minitest/autorun'
require 'app'

class SumTest < Minitest::Test
  def test_adds
    assert_equal ${sum}, add(1, 2)
  end
end
`;
const rspec = (sum: number) => `require 'app'

RSpec.describe 'a sum' do
  it 'is right' do
    expect(add(1, 2)).to eq ${sum}
  end
end
`;
const app = { 'lib/app.rb': 'def add(a, b)\n  a + b\nend\n' };

export const rubyKinds: Kind[] = [
  {
    what: 'Ruby with Rake and Minitest',
    title: 'Ruby',
    files: {
      ...app,
      Rakefile: "require 'rake/testtask'\n\nRake::TestTask.new(:test)\n",
      Gemfile: "gem 'minitest'\ngem 'rake'\n",
    },
    commands: ['bundle install --local ', 'bundle exec rake test'],
    green: { files: { 'test/test_sum.rb': minitest(3) }, passed: ['SumTest > test_adds'] },
    red: { files: { 'test/test_sum.rb': minitest(4) }, failed: ['SumTest > test_adds'] },
    'missing dependency': {
      files: { Gemfile: "source '{registry}'\ngem 'absent'\n", 'test/test_sum.rb': minitest(3) },
      ends: { ...noDependency, message: /Bundler cannot reach \S+127\.0\.0\.1/ },
    },
    'no tests': { files: { 'test/test_sum.rb': "require 'minitest/autorun'\n" }, ends: noTests },
    'ended early': { files: { 'test/test_sum.rb': `exit!(0)\n${minitest(3)}` } },
    possible: () =>
      runs('rake', '--version') && runs('ruby', '-e', "require 'minitest'") && runs('bundle', '--version'),
  },
  {
    what: 'Ruby with RSpec',
    title: 'Ruby',
    files: { ...app, '.rspec': '--require spec_helper\n', 'spec/spec_helper.rb': '' },
    commands: ['rspec'],
    green: { files: { 'spec/sum_spec.rb': rspec(3) }, passed: ['a sum > is right'] },
    red: { files: { 'spec/sum_spec.rb': rspec(4) }, failed: ['a sum > is right'] },
    'missing dependency': {
      files: { 'spec/sum_spec.rb': "require 'absent'\n" },
      ends: { ...noDependency, message: /the tests need the Ruby file absent, which no installed gem has/ },
    },
    'no tests': { files: { 'spec/sum_spec.rb': "RSpec.describe('a sum') {}\n" }, ends: noTests },
    'ended early': { files: { 'spec/sum_spec.rb': `exit!(0)\n${rspec(3)}` } },
    possible: () => runs('rspec', '--version'),
  },
];
