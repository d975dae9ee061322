// RequestForwarder: requests that another worker of the cluster has to answer are sent there, two hops at most
// (org.apache.kafka.connect.runtime.rest.HerderRequestHandler, Kafka 4.3). Level 8, handler threads.
#pragma once

#include <memory>
#include <mutex>

#include "net/http_client.h"
#include "net/tls_stores.h"
#include "rest/http_message.h"

namespace bywash::rest {

class RequestForwarder {
 public:
  // Of the worker's keys: to https workers with the certificates of its own https listeners (SSLUtils.createClientSideSslContextFactory).
  explicit RequestForwarder(const config::Properties& worker = {});
  // `answer` as it is; one with status 0 names the other worker in its body and becomes that worker's answer. 409 when there is none to
  // be known, or the request has gone around already.
  HttpResponse resolve(const HttpRequest& request, HttpResponse answer);

 private:
  Result<std::shared_ptr<net::HttpClient>> client_for(const std::string& url);

  const std::shared_ptr<net::HttpClient> plain_;
  net::TlsStoreFiles stores_;
  std::mutex mutex_;
  std::shared_ptr<const net::TlsStores> tls_of_;  // the stores that tls_ was made of
  std::shared_ptr<net::HttpClient> tls_;
};

}  // namespace bywash::rest
