// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "agent/bundle/bundle.h"
#include "agent/pod_spec/pod.h"
#include "agent/store/store.h"
#include "agent/volume/volume.h"
#include "runtime/base/error.h"

namespace caisson::pods {

// Values of ConfigMaps and (decoded) Secrets of one namespace, as they are in the store now.
bundle::DataLookup LookupIn(const store::Store& store, const std::string& ns);

// What a volume of the pod is made of; contents of ConfigMaps and Secrets come from `lookup`.
// Errors: kInvalidSpec, in kubelet's words: configmap "x" not found; references non-existent config
// key; kUnsupported for a kind that this agent does not mount.
Result<volume::Source> MakeVolumeSource(const pod_spec::Pod& pod, const pod_spec::Volume& volume,
                                        const bundle::PodFacts& facts,
                                        const bundle::DataLookup& lookup);

}  // namespace caisson::pods
