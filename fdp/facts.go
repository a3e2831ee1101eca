package fdp

import "github.com/weighbridge/weighbridge/meter"

// Facts is the facts document (SPEC.md): what a person or a ledger says about a
// model, those who make and receive it, and where. Every field is optional. A
// zero value means not stated; a list that is nil is unknown, one that is empty
// says that there are none.
type Facts struct {
	Model              meter.ModelRef `json:"model,omitzero"`
	Weights            Weights        `json:"weights,omitzero"`
	Operations         []Work         `json:"operations,omitzero"` // this developer's own work
	Parents            []Parent       `json:"parents,omitzero"`
	SyntheticData      []Generator    `json:"synthetic_data,omitzero"`
	Ancestors          []Parent       `json:"ancestors,omitzero"` // models behind the parents, in full, without a relation (SPEC.md, F10)
	MostAdvanced       MostAdvanced   `json:"most_advanced_published,omitzero"`
	Training           Training       `json:"training,omitzero"`
	Developer          Developer      `json:"developer,omitzero"`
	Recipient          Recipient      `json:"recipient,omitzero"`
	Service            Service        `json:"service,omitzero"`
	DerivedFromControl *bool          `json:"derived_from_controlled,omitzero"` // starting weights were themselves specified in 4E091
	USOrigin           *bool          `json:"us_origin,omitzero"`               // weights are US-origin, or incorporate such technology
	Output             []string       `json:"output,omitzero" oneof:"text|audio-language|text-to-image|text-to-video|image|audio|video|other"`
	TrainingData       TrainingData   `json:"training_data,omitzero"`
	Korea              Korea          `json:"korea,omitzero"`
	IsInformed         []string       `json:"is_informed,omitzero" reference:"notice"` // individual notices from the authority, by reference
	EndUse             EndUse         `json:"end_use,omitzero"`
	grades             map[string]meter.Grade
}

// Publication is a state under 15 CFR 734.7(a): published, restricted
// (available, but with restrictions on further dissemination) or unpublished.
// Empty means not stated.
type Publication string

// The states of publication.
const (
	Published   Publication = "published"
	Restricted  Publication = "restricted"
	Unpublished Publication = "unpublished"
)

// Country is an ISO 3166-1 alpha-2 code in upper case; empty means not stated.
type Country string

// Share is an exact decimal from 0 to 1, in its shortest plain form ("0.2");
// empty means not stated. [ParseShare] makes one.
type Share string

// Weights are the model's own weights.
type Weights struct {
	Publication Publication `json:"publication,omitzero"`
	Location    Country     `json:"location,omitzero"` // where they are, when not where they were trained
	Leaked      *bool       `json:"leaked,omitzero"`   // available to the public without the developer's intention
}

// Work is one line of work: what the operations were spent on, and how many.
// The embedded interval stands in the fields low, estimate and high; nil means
// that no number is stated.
type Work struct {
	Activity        meter.Activity `json:"activity,omitzero" required:"yes"`
	*meter.Interval `inline:"interval"`
	Weights         string         `json:"weights,omitzero" oneof:"kept|discarded"`
	Generator       meter.ModelRef `json:"generator,omitzero"`
	DataPublished   *bool          `json:"data_published,omitzero"`
}

// Amount is the operations of another model: one number, or its work by
// activity. A number is the model's whole lineage, or its own work alone where
// it lists parents itself; work by activity is always its own work alone.
type Amount struct {
	Total *meter.Interval
	Work  []Work // nil when Total is set
}

// Parent is a model that this one came from.
type Parent struct {
	Model        meter.ModelRef `json:"model,omitzero" required:"yes"`
	Relation     meter.Relation `json:"relation,omitzero" edge:"yes"`
	Publication  Publication    `json:"publication,omitzero"`
	Operations   *Amount        `json:"operations,omitzero"`
	Convention   string         `json:"convention,omitzero"`
	Provider     string         `json:"provider,omitzero" oneof:"same|other"`
	SystemicRisk *bool          `json:"systemic_risk,omitzero"`
	Estimable    *bool          `json:"operations_estimable,omitzero"`
	Parents      []Parent       `json:"parents,omitzero"`
}

// Generator is a model whose generated data went into training (ECCN 4E091,
// Technical Note 3), one entry per generating model.
type Generator struct {
	Generator            meter.ModelRef `json:"generator,omitzero" required:"yes"`
	Share                Share          `json:"share,omitzero"` // of the training operations that involve its data
	DataPublished        *bool          `json:"data_published,omitzero"`
	WeightsPublished     Publication    `json:"weights_published,omitzero" publication:"bool"`
	GenerationOperations *Amount        `json:"generation_operations,omitzero"`
	TrainingOperations   *Amount        `json:"training_operations,omitzero"`
	Parents              []Parent       `json:"parents,omitzero"`
}

// MostAdvanced is the floating threshold of Note 2 to ECCN 4E091, and how it
// was established (Note 2.a).
type MostAdvanced struct {
	Operations *meter.Interval `json:"operations,omitzero"`
	Evidence   string          `json:"evidence,omitzero" oneof:"guidance|opinion|ccats|none"`
}

// Training is where and on what the model was trained.
type Training struct {
	Location         []Country  `json:"location,omitzero" single:"yes"` // a place or a list of places
	Hardware         []Hardware `json:"hardware,omitzero" example:"[{\"product\": \"NVIDIA H100 SXM5 80GB\", \"subject_to_ear\": true}]"`
	HardwareComplete *bool      `json:"hardware_complete,omitzero"` // false: more may have worked than the list names; absent, the list is whole
}

// Hardware is one kind of product in the plant that trained this model, further
// training included; not in the plants of the models that it came from.
type Hardware struct {
	Product      string `json:"product,omitzero" required:"yes"`
	SubjectToEAR *bool  `json:"subject_to_ear,omitzero"`
	ECCN         string `json:"eccn,omitzero"` // stated by its maker, for what the catalogue does not hold
}

// Developer is who trains the model.
type Developer struct {
	Headquarters   Country    `json:"headquarters,omitzero"`
	UltimateParent Country    `json:"ultimate_parent,omitzero"`
	VEU            string     `json:"veu,omitzero" oneof:"uveu|nveu|general|none"`
	RevenueUSD     *meter.Ops `json:"revenue_usd,omitzero"` // US dollars a year, not operations
	IntendsToTrain *bool      `json:"intends_to_train,omitzero"`
}

// Recipient is who gets the weights, or access to them.
type Recipient struct {
	Headquarters     Country `json:"headquarters,omitzero"`
	UltimateParent   Country `json:"ultimate_parent,omitzero"`
	Location         Country `json:"location,omitzero"`
	StorageCompliant *bool   `json:"storage_compliant,omitzero"` // paragraphs 14, 15 and 18 of Supp. 10 to Part 748
	Receives         string  `json:"receives,omitzero" oneof:"weights|access"`
	Encrypted        *bool   `json:"encrypted,omitzero"` // as section 734.18(a)(5) wants it
	Person           *Person `json:"person,omitzero"`    // nil: an organisation
}

// Person is a natural person to whom weights are released.
type Person struct {
	Nationality              Country `json:"nationality,omitzero"`
	PermanentRegularEmployee *bool   `json:"permanent_regular_employee,omitzero"` // section 734.20(d)(2)
}

// Service is a computing service given to a customer (Red Flag 28).
type Service struct {
	Provider          Developer `json:"provider,omitzero"`
	Kind              string    `json:"kind,omitzero" oneof:"training|fine-tuning|inference|api"`
	Stage             string    `json:"stage,omitzero" oneof:"before-training|before-delivery"`
	InquiryMade       *bool     `json:"inquiry_made,omitzero"`
	ExportIntended    *bool     `json:"export_intended,omitzero"`
	Licence           string    `json:"licence,omitzero" reference:"none|applied"` // for the export: its number, applied, or none
	InformedInWriting *bool     `json:"informed_in_writing,omitzero"`
	AIACertified      *bool     `json:"aia_certified,omitzero"`                  // the provider certified under 740.27(b)(2)(iii)
	Authorisation     string    `json:"authorisation,omitzero" reference:"none"` // of BIS for this service: its number, or none
	Customer          Customer  `json:"customer,omitzero"`
}

// Customer is whom a service is given to.
type Customer struct {
	Headquarters   Country `json:"headquarters,omitzero"`
	UltimateParent Country `json:"ultimate_parent,omitzero"`
	Location       Country `json:"location,omitzero"`
}

// EndUse is what is known of the use that is made of a model (policy statement of
// 13 May 2025).
type EndUse struct {
	WMDOrMilitaryIntelligence *bool    `json:"wmd_or_military_intelligence,omitzero"` // knowledge of such an end use or user (15 CFR 772.1)
	OnBehalfOfParent          *bool    `json:"on_behalf_of_parent,omitzero"`          // the customer has the model trained for its ultimate parent
	USPersonSupport           *bool    `json:"us_person_support,omitzero"`            // US persons support the training, whatever country the provider is in (15 CFR 744.6)
	RedFlags                  []string `json:"red_flags,omitzero" oneof:"first-time-large-buyer|vague-address|thin-web-presence|infrastructure-not-shown|freight-forwarder"`
}

// TrainingData says what the training data was.
type TrainingData struct {
	PrimarilyBiological *bool `json:"primarily_biological,omitzero"`
}

// Korea holds the two further limbs of the Korean test.
type Korea struct {
	MostAdvancedTechnology *bool `json:"most_advanced_technology,omitzero"`
	BroadRightsRisk        *bool `json:"broad_rights_risk,omitzero"`
}
