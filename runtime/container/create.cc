// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/birth.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/opened.h"

namespace caisson::container {

Created::Created(Pidfd init_in, std::unique_ptr<Opened> opened_in)
    : init(std::move(init_in)), opened(std::move(opened_in)) {}
Created::Created(Created&&) noexcept = default;
Created& Created::operator=(Created&&) noexcept = default;
Created::~Created() = default;

Result<Created> Create(const Context& context, const CreateOptions& options) {
  CAISSON_ASSIGN(const auto birth, Birth::Begin(context, options));
  CAISSON_TRY(birth->MakeInit(Gate::kSocket));
  return birth->Finish();
}

Result<Created> Run(const Context& context, const CreateOptions& options) {
  CAISSON_ASSIGN(const auto birth, Birth::Begin(context, options));
  CAISSON_TRY(birth->MakeInit(Gate::kChannel));
  CAISSON_TRY(birth->Start());
  return birth->Finish();
}

}  // namespace caisson::container
