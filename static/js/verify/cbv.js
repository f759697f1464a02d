// The words of GS1's Core Business Vocabulary 2.0, bare as EPCIS 2.0 JSON has them.
// Mirrors core/cbv.py; a test holds the two together.

const words = (text) => new Set(text.split(" "));

export const BIZ_STEPS = words(
  "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting " +
  "decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting " +
  "installing killing loading other packing picking receiving removing repackaging repairing replacing reserving " +
  "retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting " +
  "unloading unpacking void_shipping",
);
export const DISPOSITIONS = words(
  "active available completeness_inferred completeness_verified conformant container_closed container_open " +
  "damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class " +
  "mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other " +
  "partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen " +
  "unavailable unknown",
);
export const BIZ_TRANSACTION_TYPES = words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt");
export const SOURCE_DEST_TYPES = words("location owning_party possessing_party");
export const ERROR_REASONS = words("did_not_occur incorrect_data");
export const ACTIONS = words("ADD DELETE OBSERVE");
export const EVENT_TYPES = words("AggregationEvent AssociationEvent ObjectEvent TransactionEvent TransformationEvent");
export const SENSOR_METADATA = words("bizRules dataProcessingMethod deviceID deviceMetadata endTime rawData startTime time");
export const SENSOR_REPORT = words(
  "bizRules booleanValue chemicalSubstance component coordinateReferenceSystem dataProcessingMethod deviceID " +
  "deviceMetadata exception hexBinaryValue maxValue meanValue microorganism minValue percRank percValue rawData " +
  "sDev stringValue time type uom uriValue value",
);
export const SENSOR_NUMBERS = words("maxValue meanValue minValue percRank percValue sDev value");
export const SENSOR_FLAGS = words("booleanValue");

export const EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
// cbvmda is in the standard context; these are ours to spell.
export const PREFIXES = new Map([
  ["cbvmda", "urn:epcglobal:cbv:mda:"],
  ["gs1ushc", "http://epcis.gs1us.org/hc/ns#"],
  ["pharmatrace", "urn:pharmatrace:ns:"],
]);
