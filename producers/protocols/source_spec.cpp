#include "producers/protocols/source_spec.hpp"

#include "core/check.hpp"
#include "core/http/url.hpp"
#include "producers/protocols/media_of.hpp"

namespace freshet {

ProviderSpec source_spec(std::string_view option, const std::string& address,
                         const std::string& protocol, std::string_view title,
                         const std::string& name, std::chrono::milliseconds delay) {
  if (!is_web_address(address)) {
    throw StartupError{std::string{option} + " " + address + " is no http or https address"};
  }
  ProviderSpec spec;
  spec.command = protocol + "." + name;
  spec.title = std::string{title} + ": " + address;
  spec.providers = {{MediaType::image, name}, {MediaType::audio, name}};
  spec.hosts = {http::host_of(address).value_or("")};
  spec.endpoint = address;
  spec.dated = Dated::optional;
  spec.delay = delay;
  return spec;
}

}  // namespace freshet
