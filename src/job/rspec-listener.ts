/**
 * Ruby that makes RSpec write its results as JUnit XML beside itself, whatever reporters the project has. Tests that
 * start RSpec themselves write nothing. An error in it changes neither the output nor the exit code.
 */
export const rspecListener = `begin
  require 'cgi'
  class VoltResults
    def initialize
      @cases = []
    end

    def example_passed(notification)
      add(notification)
    end

    def example_failed(notification)
      error = notification.example.exception
      lines = ["#{error.class}: #{error.message}", *(error.backtrace || []).first(20)]
      add(notification, %(<failure message="#{text(error.message.to_s.strip)}">#{text(lines.join("\\n"))}</failure>))
    end

    def example_pending(notification)
      add(notification, %(<skipped message="#{text(notification.example.execution_result.pending_message)}"/>))
    end

    def stop(_notification)
      path = File.join(__dir__, "rspec-#{Process.pid}.xml")
      File.write(path, %(<?xml version="1.0" encoding="UTF-8"?>\\n<testsuite name="rspec">\\n#{@cases.join("\\n")}\\n</testsuite>\\n))
    rescue StandardError
      nil
    end

    private

    def add(notification, inside = '')
      example = notification.example
      suite = example.metadata[:example_group][:full_description]
      time = example.execution_result.run_time
      @cases << %(<testcase classname="#{text(suite)}" name="#{text(example.description)}" ) +
                %(file="#{text(example.file_path)}" time="#{time}">#{inside}</testcase>)
    rescue StandardError
      nil
    end

    def text(value)
      plain = value.to_s.encode('UTF-8', invalid: :replace, undef: :replace).scrub('?')
      CGI.escapeHTML(plain.gsub(/[^\\t\\n\\r\\u0020-\\uFFFD]/, ''))
    end
  end

  unless ENV['VOLT_RSPEC']
    RSpec.configure do |config|
      config.before(:suite) do
        ENV['VOLT_RSPEC'] = '1'
        config.reporter.register_listener(VoltResults.new, :example_passed, :example_failed, :example_pending, :stop)
      end
    end
  end
rescue StandardError, LoadError
  nil
end
`;
