// POST /try: sample records through a connector's converters, predicates and transforms (docs/try.md): what a console shows before a
// connector is created. An endpoint of ours. Level 8, handler threads.
#pragma once

#include "config/config_def.h"
#include "plugin/registry.h"
#include "rest/http_router.h"

namespace bywash::rest {

// `worker`: the worker's own properties, for connectors that name no converters. `registry` outlives the router.
void add_try_route(HttpRouter* router, config::Properties worker, const plugin::Registry& registry);

}  // namespace bywash::rest
