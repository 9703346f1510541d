/**
 * Ruby that makes Minitest write its results as JUnit XML beside itself, whatever reporters the project has. Minitest 5
 * loads it by its name, `minitest/volt_plugin.rb`, from a folder of the load path. An error in it changes neither the
 * output nor the exit code.
 */
export const minitestPlugin = `module Minitest
  module VoltResults
    def record(result)
      super
      (@volt_results ||= []) << volt_case(result)
    rescue StandardError
      nil
    end

    def report
      super
      path = File.join(File.dirname(__dir__), "minitest-#{Process.pid}.xml")
      cases = (@volt_results || []).compact.join("\\n")
      File.write(path, %(<?xml version="1.0" encoding="UTF-8"?>\\n<testsuite name="Minitest">\\n#{cases}\\n</testsuite>\\n))
    rescue StandardError
      nil
    end

    private

    def volt_case(result)
      suite = result.respond_to?(:klass) ? result.klass : result.class.name
      file = result.respond_to?(:source_location) ? result.source_location.first : nil
      %(<testcase classname="#{volt_text(suite)}" name="#{volt_text(result.name)}" file="#{volt_text(file)}" ) +
        %(time="#{result.time}">#{result.failures.first(5).map { |failure| volt_failure(failure) }.join}</testcase>)
    rescue StandardError
      nil
    end

    def volt_failure(failure)
      message = failure.message.to_s.strip
      return %(<skipped message="#{volt_text(message)}"/>) if failure.is_a?(Skip)
      kind = failure.is_a?(UnexpectedError) ? 'error' : 'failure'
      lines = [message, *(failure.backtrace || []).first(20)]
      first = message.lines.first.to_s.strip
      %(<#{kind} message="#{volt_text(first)}">#{volt_text(lines.join("\\n"))}</#{kind}>)
    end

    def volt_text(value)
      plain = value.to_s.encode('UTF-8', invalid: :replace, undef: :replace).scrub('?')
      plain = plain.gsub(/[^\\t\\n\\r\\u0020-\\uFFFD]/, '')
      plain.gsub('&', '&amp;').gsub('<', '&lt;').gsub('>', '&gt;').gsub('"', '&quot;')
    end
  end

  def self.plugin_volt_init(_options)
    reporter.singleton_class.prepend(VoltResults) if reporter
  rescue StandardError
    nil
  end
end
`;
