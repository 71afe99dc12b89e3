"""Every code that a problem can have, with what docs/errors.md says of it beside it.

A table, a row in a line or two, in the order of the page; comments are the page's headings and the text below them.
Nothing here imports anything of ours. After a change: `python -m tests.docs.generate_errors`.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """A code is stable: people's CI jobs search for it. Text is Markdown.

    `meaning` is what is wrong, after *warning:* where a render goes on; `remedy` is what to do. A code without text of
    its own shares the row of the code before it.
    """

    meaning: str
    remedy: str

    def __new__(cls, code: str, meaning: str = "", remedy: str = "") -> Code:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.remedy = remedy
        return member

    # fmt: off

    # Files
    REPOSITORY_MISSING = "repository-missing", "`--repo` names no directory", "correct the path"
    SETTINGS_NAME = ("settings-name", "a file such as `lamella.yml`, which is not read (a warning beside `lamella.yaml`)",
        "rename it to `lamella.yaml`")
    NOT_READ = ("not-read", "*warning:* a profile, cluster or template that is not in `profiles/`", "move it there")
    NO_PROFILES = ("no-profiles", "the repository has no `profiles/`",
        "is `--repo` right? Profiles and clusters are read from `profiles/**/*.yaml`")
    FILE_NOT_FOUND = ("file-not-found", "a file that is named is not there, or is a broken link",
        "correct the path: it is relative to the file that names it, or to the repository where it begins with `/`")
    DIRECTORY_NOT_FOUND = "directory-not-found", "the same, for a directory", "as above"
    FILE_NOT_REGULAR = "file-not-regular", "a directory, submodule or device instead of a file", "name a file"
    FILE_UNREADABLE = "file-unreadable", "the system refuses to read it", "permissions?"
    ENCODING = "encoding", "a text file that is not UTF-8", "save it as UTF-8"
    PATH_INVALID = ("path-invalid", "an empty path, control characters, a `.git` directory",
        "write an ordinary relative path")
    PATH_OUTSIDE_REPOSITORY = ("path-outside-repository", "a URL, `~`, or `..` out of the repository",
        "keep all input in the repository")
    SYMLINK_ESCAPE = ("symlink-escape", "a link that leads outside the repository, or an absolute one",
        "use a relative link inside the repository")
    SYMLINK_LOOP = "symlink-loop", "links in a loop", "remove one"
    TOO_MANY_FILES = ("too-many-files", "a pattern or folder with more files, links or levels than are read",
        "narrow the pattern")

    # YAML
    YAML_SYNTAX = "yaml-syntax", "not YAML", "the caret shows where reading stopped; the mistake may be a line above"
    CONFLICT_MARKER = ("conflict-marker", "a line that git leaves in a file whose merge is not finished",
        "finish the merge: keep what is meant of both sides, and delete the marked lines")
    YAML_ENCODING = ("yaml-encoding", "not UTF-8, or a character that YAML does not allow",
        "save as UTF-8; write odd characters as escapes in double quotes")
    YAML_DUPLICATE_KEY = ("yaml-duplicate-key",
        "a key is there twice in one mapping (in a chart's output a warning: the last counts, as in Helm)",
        "delete one")
    YAML_KEY = "yaml-key", "a mapping or list as a key", "put the key in quotes"
    YAML_MERGE = "yaml-merge", "`<<` with something that is not a mapping", "merge a mapping, or a list of them"
    YAML_ALIAS = ("yaml-alias", "an alias without anchor, or one that contains itself",
        "define the anchor before its first use")
    YAML_TAG = "yaml-tag", "a tag that Kubernetes does not know", "remove the tag, or quote the text"
    YAML_NUMBER = "yaml-number", "a number that JSON cannot hold", "put it in quotes if it is text"
    YAML_DOCUMENTS = "yaml-documents", "several documents where one is expected", "split the file"
    YAML_TOO_DEEP = "yaml-too-deep", "beyond what is read of one file: a mistake or an attack", "split the file"
    YAML_TOO_LARGE = "yaml-too-large"
    YAML_TOO_MANY_VALUES = "yaml-too-many-values"

    # Profiles, clusters, templates, settings
    API_VERSION = ("api-version", "`apiVersion` is not `lamella/v1`",
        "write `apiVersion: lamella/v1`, or use a Lamella that knows the version")
    UNKNOWN_KIND = ("unknown-kind", "no ClusterProfile, Cluster, ClusterTemplate or Macros",
        "correct the kind; other files need not be in `profiles/`")
    UNKNOWN_KEY = "unknown-key", "a key that means nothing here, probably misspelt", "see the hint"
    MISSING_KEY = "missing-key", "something required is not there", "add it"
    WRONG_TYPE = ("wrong-type", "text where a number is expected, or the like",
        "put numbers and words such as `no` in quotes where text is meant")
    INVALID_VALUE = "invalid-value", "none of the values that are possible", "the message lists them"
    INVALID_NAME = "invalid-name", "a name that Kubernetes would not take", "lower-case letters, digits, `-` and `.`"
    INVALID_LABEL = "invalid-label", "not a label value", "at most 63 letters, digits, `-`, `_`, `.`"
    INVALID_VERSION = "invalid-version", "not SemVer", "write major.minor.patch, in quotes if it looks like a number"
    DUPLICATE_NAME = "duplicate-name", "two documents of one kind, name and version", "rename or delete one"
    DUPLICATE_LAYER = "duplicate-layer", "two layers of one name in a profile or cluster", "rename one"
    DUPLICATE_PROFILE = "duplicate-profile", "a template or cluster names a profile twice", "keep one"
    LAYER_SOURCE = ("layer-source", "a layer with no source, or with several",
        "exactly one of `pack`, `chart`, `manifests`, `builtin`")
    CHART_SOURCE = "chart-source", "a chart with none or several of `path`, `registry`, `repo`", "keep one"
    MANIFEST_SOURCE = "manifest-source", "a manifest with both or none of `file` and `inline`", "keep one"
    REGISTRY_SOURCE = ("registry-source",
        "a registry with none or several of `path`, `url` and `git`, or with a key that only another kind has",
        "keep one")
    LAYER_TYPE = ("layer-type", "a layer that its type of profile cannot have",
        "the table of types is in [profiles](profiles.md#clusterprofile)")
    LAYER_MISSING = ("layer-missing",
        "an infra or full profile without one of its four layers, an add-on profile without any",
        "add it, or `builtin: true`")
    CLOUD_ALL = "cloud-all", "an infra profile for all clouds", "name its cloud"
    PROFILE_MISSING = "profile-missing", "no profile of that name, or not in that version", "see the hint"
    PROFILE_VERSION_MISSING = "profile-version-missing"
    INFRA_TWICE = "infra-twice", "a cluster with two infra or full profiles", "keep one"
    CLOUD_MISMATCH = ("cloud-mismatch", "a profile made for another cloud than the cluster's",
        "choose the profile for this cloud, or set `spec.cloud`")
    LAYER_UNKNOWN = ("layer-unknown", "an override of a layer that is not there",
        "correct the name, or remove the override")
    LAYER_DISABLED = ("layer-disabled", "an infra layer cannot be disabled",
        "`builtin: true` in the profile fills a slot without objects")
    LAYER_VERSION = "layer-version", "a version for a layer of plain manifests", "remove it"
    TEMPLATE_UNMATCHED = ("template-unmatched", "*warning:* the selector of a template or of macros matches no cluster",
        "correct it, or delete the document")
    LAYER_BUILTIN = ("layer-builtin", "*warning:* settings of a `builtin` layer, which has no objects",
        "delete them, or give the layer a pack, a chart or manifests")
    TEMPLATE_MISSING = "template-missing", "`extends` names no template", "see the hint"
    TEMPLATE_CYCLE = "template-cycle", "templates extend each other in a cycle", "remove one `extends`"
    TEMPLATE_CONFLICT = ("template-conflict", "two templates give a cluster different versions of a profile",
        "make the selectors disjoint, or set the version in the cluster")
    KUBERNETES_VERSION = ("kubernetes-version", "nothing, or two things, say which Kubernetes the cluster has",
        "`spec.kubernetesVersion`, where no k8s layer gives it")
    NO_CLUSTERS = ("no-clusters", "no document of kind Cluster in `profiles/`",
        "add one; `lamella check` judges profiles without; `--allow-removal` renders for none")
    CLUSTER_UNKNOWN = "cluster-unknown", "a name or selector on the command line without a cluster", "`lamella list`"
    OUTPUT_PATH = "output-path", "`output:` of lamella.yaml leads outside the repository", "a relative path"
    DELIVERY_OPTION = ("delivery-option", "an option of `argocd:` or `flux:` that cannot be",
        "see the message and [delivery](delivery.md)")

    # Packs, charts and manifests that layers name
    PACK_MISSING = "pack-missing", "no pack of that name", "put it into `packs/` or into a registry with a `path`"
    PACK_VERSION = "pack-version", "no version fits, or several do and none is set", "the hint lists them"
    REGISTRY_UNKNOWN = "registry-unknown", "no registry of that name in lamella.yaml", "declare it"
    REGISTRY_KIND = "registry-kind", "a chart from a registry of packs, or the other way round", "see the hint"
    REGISTRY_URL = "registry-url", "an address that is not one of a registry", "the message lists the schemes"
    REGISTRY_CREDENTIALS = ("registry-credentials", "a user or password in a URL of the repository",
        "remove it, and change the password: it has been committed")
    IMPORT_SHADOWED = ("import-shadowed",
        "*warning:* a document or pack of an import is not used: a nearer one has its name and version",
        "rename yours, or delete it to use the import's")
    NOT_LOCKED = ("not-locked",
        "an import, a chart or pack of a registry, or an image to be pinned, that `lamella.lock` does not have",
        "`lamella lock`, and commit `lamella.lock`")
    NOT_VERIFIED = ("not-verified", "something was locked before its registry had `verify: always`",
        "`lamella lock` checks its signature")
    NOT_SIGNED = "not-signed", "`verify: always`, and nobody signed it", "have it signed, or `verify: if-present`"
    SIGNATURE_INVALID = ("signature-invalid", "a signature by another key, or of something else",
        "do not use it; ask who publishes there")
    SIGNATURE_TOOL = ("signature-tool", "what checks signatures cannot be run, or its keys not be read",
        "install gpg, or cosign; the message says which")
    REGISTRY_UNREACHABLE = ("registry-unreachable", "no answer: DNS, network, a proxy, or a server that is too slow",
        "the message says which")
    REGISTRY_TLS = "registry-tls", "the certificate is not trusted, or ours is not taken", "see the hint"
    REGISTRY_AUTH = "registry-auth", "a login is missing or refused (401, 403)", "see [registries](registries.md)"
    REGISTRY_MISSING = "registry-missing", "the registry has nothing of that name (404)", "correct the name or the URL"
    REGISTRY_ANSWER = ("registry-answer", "an answer that is not one of a registry: a web page, an error, a bad redirect",
        "is the URL that of a registry?")
    REGISTRY_DIGEST = ("registry-digest", "content that is not what its digest says", "try again; then tell its owner")
    IMAGE_UNPINNABLE = ("image-unpinnable", "a text in the place of an image that is to be pinned, and is none",
        "`images: {except: [PATTERN]}` leaves it")
    REGISTRY_NO_CATALOG = ("registry-no-catalog", "a registry that does not list its repositories",
        "name the pack: `lamella pack pull NAME`")
    REGISTRY_NOT_OCI = "registry-not-oci", "packs are pushed to OCI registries only", "name an `oci://` registry"
    PACK_PUSHED = ("pack-pushed", "the registry has other content under the version that is pushed",
        "raise the version; `--force` overwrites")
    REGISTRY_TOO_LARGE = "registry-too-large", "an index or archive beyond the limits", "is it the right one?"
    LOCK_INVALID = ("lock-invalid", "`lamella.lock` is not as `lamella lock` writes it",
        "after a merge: take one side and run `lamella lock`")
    LOCK_NO_VERSION = "lock-no-version", "no version at the registry is in the range", "the hint lists the newest"
    LOCK_DOWNGRADE = ("lock-downgrade", "an upgrade would take an older version than the locked one",
        "`--allow-downgrade`, if the newer one was withdrawn")
    LOCK_CHANGED = ("lock-changed", "a registry has other content under a version that is locked",
        "ask who owns it: a published version must not change")
    LOCK_OTHER_CONTENT = ("lock-other-content", "a registry gives another chart, pack or version than its name says",
        "report it to the registry's owner")
    LOCK_NOTHING_ASKED = "lock-nothing-asked", "`--upgrade NAME` of something that no layer uses", "see the hint"
    LOCK_STALE = ("lock-stale", "`lamella.lock` is not what `lamella lock` would write",
        "`lamella lock`, and commit `lamella.lock`")
    LOCK_ARCHIVE = ("lock-archive", "an archive that the lock pins is neither vendored nor cached, and may not be fetched",
        "once with network: `lamella lock`, or commit what `lamella vendor` writes")
    MANIFEST_NO_MATCH = "manifest-no-match", "a pattern without a match, a folder without manifests", "correct it"
    MANIFEST_KUSTOMIZATION = ("manifest-kustomization", "a manifest is a file for kustomize, or a directory with one",
        "name what `kubectl kustomize` prints, or the resources; patches are overlays here")
    CHART_MISSING = ("chart-missing", "no Chart.yaml at the path, or not exactly one chart in the archive",
        "correct the path")
    CHART_NAME = "chart-name", "the chart has another name than the layer says, or an impossible one", "write its name"
    CHART_VERSION = ("chart-version", "the chart has another version than the layer asks for",
        "write its version, or change the file")
    CHART_INVALID = "chart-invalid", "a chart that Helm would refuse", "the message says why"
    CHART_DEPENDENCY = "chart-dependency", "something in `charts/` is not a chart", "remove it"
    CHART_DEPENDENCY_MISSING = ("chart-dependency-missing", "a declared dependency is not vendored",
        "`helm dependency build`, and commit `charts/`")
    SCHEMA_REMOTE_REF = ("schema-remote-ref", "a values schema that would have to be fetched",
        "`skipSchemaValidation: true` on the layer")
    ARCHIVE_NOT_GZIP = ("archive-not-gzip", "no .tgz",
        "a Git LFS pointer, or a web page that was saved as .tgz? Fetch it again")
    ARCHIVE_NOT_TAR = "archive-not-tar"
    ARCHIVE_TRUNCATED = "archive-truncated", "the archive is not whole", "fetch it again"
    ARCHIVE_DAMAGED = "archive-damaged"
    ARCHIVE_TRAILING_DATA = "archive-trailing-data"
    ARCHIVE_DUPLICATE = ("archive-duplicate",
        "members that are no ordinary files of a chart: two of one path, `..`, links, devices",
        "do not trust this archive")
    ARCHIVE_MEMBER_NAME = "archive-member-name"
    ARCHIVE_MEMBER_TYPE = "archive-member-type"
    ARCHIVE_TOO_LARGE = "archive-too-large", "it unpacks to more than a chart may", "is it one?"

    # Variables, macros, values
    VARIABLE_NAME = "variable-name", "not a name, or not the only one in the profile", "rename"
    VARIABLE_DISPLAY_NAME = "variable-display-name"
    VARIABLE_DUPLICATE = "variable-duplicate"
    VARIABLE_FORMAT = ("variable-format", "the definition is wrong",
        "see the message and [variables](profiles.md#variables)")
    VARIABLE_INPUT_TYPE = "variable-input-type"
    VARIABLE_REGEX = "variable-regex"
    VARIABLE_OPTIONS = "variable-options"
    VARIABLE_DEFAULT = ("variable-default", "a default that breaks the variable's own rules, or none where one must be",
        "correct it")
    VARIABLE_REQUIRED = "variable-required", "a required variable without a value", "give one where the profile is used"
    VARIABLE_VALUE = "variable-value", "the value breaks the rules of the definition", "correct it"
    VARIABLE_IMMUTABLE = "variable-immutable", "only the profile sets this variable", "remove the value"
    VARIABLE_UNKNOWN = "variable-unknown", "a value for a variable that the profile does not have", "see the hint"
    MACRO_UNDEFINED = ("macro-undefined", "`{{ .spectro.… }}` names something that is not known",
        "see the hint; `| default` in the pipeline allows it")
    MACRO_CYCLE = "macro-cycle", "macros refer to each other in a cycle", "the message shows it"
    MACRO_FAILED = "macro-failed", "the pipeline fails in Helm", "the message is Helm's"
    MACRO_RANDOM = "macro-random", "the pipeline gives something else in every run", "name a fixed value"
    MACRO_VALUE = ("macro-value", "the result is no YAML, too large, a key twice, or a mapping where text is",
        "`| toJson` writes a mapping as text")
    MACRO_LOOKALIKE = ("macro-lookalike", "*warning:* `{{ .var.x }}`, `{{ vars.x }}`: like a macro, and none",
        "write `{{ .spectro.var.x }}`")
    MACRO_LEFT = ("macro-left", "an object holds `{{ .spectro.… }}` after everything is rendered",
        "a chart or a template writes it; macros are replaced in values, manifests and overlays")
    VALUES_SHAPE = "values-shape", "a values file that is not a mapping", "correct it"

    # Rules of packs
    PACK_UNREADABLE = ("pack-unreadable",
        "pack.json or pack.yaml cannot be read, has no name and version, or both files are there", "correct it")
    PACK_FORMAT = "pack-format"
    PACK_DUPLICATE = "pack-duplicate", "two packs of one name and version", "remove one"
    PACK_FILE_MISSING = ("pack-file-missing", "the pack names a file that it does not have, or that is not its own",
        "get the whole pack")
    PACK_FILE_OUTSIDE = "pack-file-outside"
    PACK_VALUES = "pack-values", "a mapping is expected at this place of the values", "correct the value"
    PACK_SETTING = "pack-setting", "a setting in the `pack:` block that cannot be", "the message says what is expected"
    PACK_SETTING_MISPLACED = ("pack-setting-misplaced",
        "*warning:* a known setting at the wrong place or in the wrong case has no effect", "see the hint")
    PACK_VALUES_UNMATCHED_CHART = ("pack-values-unmatched-chart",
        "values for a chart or manifest that the pack does not have (a warning where the pack's own values.yaml says so)",
        "see the hint")
    PACK_VALUES_UNMATCHED_MANIFEST = "pack-values-unmatched-manifest"
    PACK_VALUES_UNREAD = ("pack-values-unread",
        "a top-level key in a pack's values that nothing reads (a warning unless it is nearly one that is read)",
        "values of a chart go below `charts.<chart>`, those of a manifest below `manifests.<file name>`")
    PACK_VALUES_LEFT_OUT = ("pack-values-left-out",
        "*warning:* `imageSwap` or `clientConfig`: Palette acts on it and Lamella does not",
        "see the hint")
    PACK_CLOUD = "pack-cloud", "the pack is not made for the cluster's cloud", "use its variant for this cloud"
    PACK_LAYER = "pack-layer", "*warning:* the pack is made for another type of layer", "is it the right pack?"
    PACK_DELETED = "pack-deleted", "the pack is not to be used any more", "another version"
    PACK_DISABLED = "pack-disabled"
    PACK_DEPRECATED = "pack-deprecated", "*warning:* it will go", "another version"
    PACK_EOL = "pack-eol", "*warning:* past its end of life, or no date", "another version"
    CIDR_OVERLAP = "cidr-overlap", "pods and services share addresses", "disjoint networks"
    DISPLAY_NAME_DUPLICATE = ("display-name-duplicate", "two layers are shown by one name",
        "give one another display name")
    RELEASE_NAME = ("release-name", "not a Helm release name, or one name for several charts",
        "at most 53 characters; `pack.releaseNameOverride`")
    RELEASE_NAME_SHORTENED = ("release-name-shortened", "*warning:* `<pack>-<chart>` was longer than Helm takes",
        "set `pack.releaseNameOverride`")
    RELEASE_DUPLICATE = "release-duplicate", "two charts of the pack would be one release", "`pack.releaseNameOverride`"
    PACK_RELEASE_OVERRIDE = ("pack-release-override", "*warning:* a release name for a chart that the pack lacks",
        "remove it")
    PRESET_UNKNOWN = "preset-unknown", "no such preset; two of one group", "see the hint; keep one"
    PRESET_CONFLICT = "preset-conflict"
    PRESET_DUPLICATE = "preset-duplicate", "presets.yaml is wrong", "correct it"
    PRESET_ADD = "preset-add"
    PRESET_RECORD = ("preset-record", "*warning:* values.yaml says that presets are in it, and presets.yaml disagrees",
        "the values count; name presets in the layer")
    SCHEMA_REQUIRED = "schema-required", "a value breaks the pack's schema.yaml", "see the hint"
    SCHEMA_FORMAT = "schema-format"
    SCHEMA_READONLY = "schema-readonly"
    SCHEMA_RULE = "schema-rule", "a rule in schema.yaml that cannot be read (or, as a warning, checked)", "correct it"
    DEPENDENCY_MISSING = ("dependency-missing", "the pack needs another one, or another version of it",
        "add it, or change one of the two")
    DEPENDENCY_VERSION = "dependency-version"
    DEPENDENCY_TYPE = "dependency-type", "*warning:* a dependency that cannot be checked", "see the message"
    DEPENDENCY_UNCHECKED = "dependency-unchecked"
    UPGRADE_NOT_ALLOWED = ("upgrade-not-allowed", "the pack cannot go from the one version to the other",
        "go through a version in between")
    RESOURCES_INSUFFICIENT = ("resources-insufficient", "the node pools are smaller than what the pack requests",
        "larger nodes, or smaller requests")
    RESOURCES_QUANTITY = "resources-quantity", "*warning:* a request that is not a quantity is not counted", "correct it"
    CAPI_CLOUD = ("capi-cloud", "`capi: true`, and no Cluster API provider is known for the cloud",
        "write the objects in a pack of your own")
    KUBEADM_VALUE = ("kubeadm-value", "`kubeadmconfig` of a pack is wrong, or of two packs differs",
        "correct it; say it once")
    KUBEADM_CONFLICT = "kubeadm-conflict"
    KUBEADM_NOT_MAPPED = ("kubeadm-not-mapped", "*warning:* a kubeadm setting that Cluster API does not have",
        "see the hint")

    # Rendering
    HELM_TEMPLATE = ("helm-template", "a chart's template fails, or asks for a value (`required`, `fail`)",
        "the message is Helm's; give the value, or correct one that the template does not expect")
    HELM_VALUES = "helm-values", "values that Helm cannot read", "the message is Helm's"
    HELM_SCHEMA = ("helm-schema", "values that the chart's schema refuses",
        "correct them, or `skipSchemaValidation: true`")
    HELM_YAML = "helm-yaml", "the chart renders what is no YAML", "mostly a value that needs quotes"
    HELM_CHART = "helm-chart", "Helm cannot load the chart", "the message is Helm's"
    HELM_RELEASE = ("helm-release", "a name or namespace that Helm does not take for a release",
        "`releaseName`, `namespace`")
    HELM_TIMEOUT = "helm-timeout", "Helm does not end, or cannot run", "with `--helm-engine=cli`: does the binary run?"
    HELM_ENVIRONMENT = "helm-environment"
    HELM_MISSING = ("helm-missing", "neither helm-python-sdk nor a `helm` binary is there",
        "install one of them")
    HELM_VERSION = ("helm-version", "the binary of `--helm-engine=cli` is another Helm than the embedded one",
        "install the one that is named")
    GOTEMPLATE_FAILED = "gotemplate-failed", "a pack's manifest fails as a Go template", "the message is Helm's"
    JINJA_SYNTAX = "jinja-syntax", "not Jinja2", "correct the template"
    JINJA_UNDEFINED = ("jinja-undefined", "the template uses what is not there",
        "see the hint; `| default(…)` or `is defined` allow it")
    JINJA_MISSING = ("jinja-missing", "`include`, `import` or `extends` of a template that the pack does not have",
        "see the hint")
    JINJA_FAILED = "jinja-failed", "the template fails", "the message says why"
    JINJA_UNSAFE = "jinja-unsafe", "the template reaches for what the sandbox keeps from it", "templates see data only"
    JINJA_LIMIT = "jinja-limit", "too long, too large, too deep", "is there an end to the loop?"
    RENDER_TIMEOUT = ("render-timeout", "a layer did not end in time",
        "a template without end, or `--timeout` is too short")
    RENDER_CRASHED = "render-crashed", "the renderer died, mostly for lack of memory", "a smaller chart; fewer `--jobs`"
    RANDOM_OUTPUT = ("random-output", "fields that change from render to render: random values, dates",
        "give the value, or `policy: {random: keep}`")
    VALUES_UNUSED = ("values-unused",
        "*warning:* a value that the chart does not declare, and without which the layer renders the same; an error for"
        " templates of packs of our own format, whose values.yaml is the whole list",
        "see the hint; `policy: {values: …}` ([profiles](profiles.md#values-without-effect))")

    # Overlays
    OVERLAY_OPERATION = "overlay-operation", "none or several operations in one overlay", "one each"
    OVERLAY_TARGET = "overlay-target", "a target that says nothing, or none where one must be", "name kind and name"
    OVERLAY_NO_MATCH = "overlay-no-match", "the target matches no object", "correct it, or `optional: true`"
    OVERLAY_FAILED = "overlay-failed", "the patch does not fit the object", "the message names the path"

    # Objects and output
    OBJECT_INVALID = ("object-invalid", "no Kubernetes object: no kind or name, or one that no API server takes",
        "correct the manifest or template")
    DUPLICATE_OBJECT = ("duplicate-object", "one object from two places",
        "switch it off in one, or drop it by an overlay")
    SCHEMA_INVALID = ("schema-invalid",
        "the API server would refuse the object: a type, a missing or wrong value, a rule of its kind (a warning with"
        " `policy: {schema: warn}`)",
        "correct the value; of charts, by an overlay")
    SCHEMA_UNKNOWN_FIELD = ("schema-unknown-field",
        "a field that the kind does not have in this version: misspelt, most often",
        "correct or drop it; `policy: {schema: …}` as above")
    SCHEMA_SERVER_SIDE = ("schema-server-side",
        "what server-side apply alone refuses, such as two variables of one name; a *warning* unless `flux` delivers",
        "drop one")
    SCHEMA_UNCHECKED = ("schema-unchecked",
        "*warning:* CEL rules of a CRD that use what only an API server has, so objects are not checked against them",
        "none is needed; the server checks them")
    IMAGE_OUTSIDE_MIRROR = ("image-outside-mirror",
        "*warning:* an object still names an image that a transform moves to another registry: in an argument, a variable,"
        " a field of a custom resource",
        "set it in the values or by a patch; [imageFields](overlays.md#where-images-are) declares fields")
    PLAINTEXT_SECRET = ("plaintext-secret", "a Secret in clear would be committed",
        "ExternalSecret, SealedSecret, SOPS; or [policy: {secrets: …}](profiles.md#secrets)")
    PLAINTEXT_CREDENTIAL = ("plaintext-credential",
        "a private key, token or password in an object that is not a Secret (a warning where only the name of a variable"
        " says so)",
        "take it from a Secret; or [policy: {secrets: …}](profiles.md#secrets)")
    SOPS_DELIVERY = ("sops-delivery", "an object that SOPS has encrypted, and Argo CD alone, which applies the ciphertext",
        "deliver with Flux, which decrypts; or use a SealedSecret or ExternalSecret")
    SOPS_NAMESPACE = "sops-namespace", "an encrypted object without namespace", "add it and encrypt again"
    API_NOT_SERVED = ("api-not-served",
        "an API that this Kubernetes, or the CRD in the stack, does not serve (a warning with `policy: {apis: warn}`)",
        "another version of the chart or manifest")
    API_UNKNOWN = ("api-unknown", "*warning:* a custom kind without a CRD in the stack",
        "declare it in the cluster's `apiVersions`, if something else installs it")
    SCOPE_UNKNOWN = ("scope-unknown",
        "*warning:* an object without namespace of a custom kind that may have none: no layer brings its CRD, and it is not"
        " of a well-known project", "`scopes: {group/Kind: Cluster}` in lamella.yaml, or the CRD in a layer")
    KUBERNETES_UNKNOWN = ("kubernetes-unknown",
        "*warning:* a version of Kubernetes of which it is not known here which APIs it serves",
        "`policy: {apis: allow}` where that is known; or a newer Lamella")
    KUSTOMIZE_ANNOTATION = ("kustomize-annotation",
        "*warning:* an annotation by which kustomize leaves an object out, or changes it: the object, or the annotation, is"
        " not in the output", "take the annotation off")
    NAMESPACE_LATE = ("namespace-late", "*warning:* a Namespace comes in a later wave than what is in it",
        "move it to the first of these layers")
    NAMESPACE_METADATA = ("namespace-metadata", "*warning:* two layers want different labels for a Namespace",
        "say it once")
    OUTPUT_EDITED = ("output-edited", "a rendered file was edited by hand",
        "move the change into the profile, then `lamella render --force`")
    OUTPUT_REMOVAL = ("output-removal", "a cluster is gone from the output, or more than a quarter of the objects",
        "`--allow-removal` if that is meant; else find what is missing in the repository")
    OUTPUT_FOREIGN_FILE = "output-foreign-file", "a file that is not ours is where one of ours must go", "move it away"
    OUTPUT_COLLISION = ("output-collision", "two paths that are one on some file systems, or one that cannot be",
        "rename the object")
    OUTPUT_PATH_INVALID = "output-path-invalid"
    INVENTORY_BROKEN = ("inventory-broken", "inventory.json cannot be read: a merge conflict?",
        "restore it from git, or `--force`")
    OUTPUT_ROOT_REFUSED = "output-root-refused", "a directory that a render must not replace", "a directory of its own"
    OUTPUT_LOCKED = "output-locked", "another render writes there", "wait for it"
    OUTPUT_CHANGED = "output-changed", "something else wrote there meanwhile", "render again"
    OUTPUT_WRITE_FAILED = "output-write-failed", "the disk is full or refuses; nothing was changed", "exit status 3"

    # Delivery, git, publishing
    DELIVERY_NAME = "delivery-name", "two layers or clusters would have one delivery object", "rename one"
    DELIVERY_SIZE = "delivery-size", "*warning:* more manifests in one layer than Argo CD reads", "split the layer"
    DELIVERY_HANDOVER = ("delivery-handover",
        "*warning:* objects that another Application or Kustomization delivers than before are deleted and made anew",
        "`previousNames` on a layer that was renamed; else two steps: see the hint")
    READINESS_INVALID = "readiness-invalid", "a readiness check that cannot be", "see the hint"
    OUTPUT_MISSING = "output-missing", "nothing is rendered", "`lamella render`"
    PUBLISH_UNCOMMITTED = ("publish-uncommitted", "a file that output was rendered from is not in the commit as it was read",
        "see the hint: commit it, or render again")
    INVENTORY_WITHOUT_INPUTS = ("inventory-without-inputs", "output that version 0.1 rendered", "render again")
    GIT_MISSING = "git-missing", "git is not there, does not end, or fails", "exit status 3; the message is git's"
    GIT_TIMEOUT = "git-timeout"
    GIT_FAILED = "git-failed"
    GIT_UNREADABLE = "git-unreadable"
    GIT_NOT_A_REPOSITORY = "git-not-a-repository", "`--ref` or publish outside of a git repository", "`--repo`"
    GIT_UNSAFE_OWNER = ("git-unsafe-owner", "the repository belongs to another user",
        "`git config --global --add safe.directory …`")
    GIT_UNKNOWN_REF = "git-unknown-ref", "no such commit; not a name for one", "fetch it"
    GIT_INVALID_NAME = "git-invalid-name"
    GIT_FETCH = "git-fetch", "a git repository elsewhere cannot be fetched", "exit status 3; the message is git's"
    GIT_COMMIT_GONE = ("git-commit-gone", "the commit that `lamella.lock` pins is not at the remote any more",
        "was history rewritten? `lamella lock --upgrade NAME` takes the newest commit")
    GIT_NO_DIRECTORY = "git-no-directory", "the commit has no such directory", "is `--repo` right?"
    GIT_UNBORN_BRANCH = "git-unborn-branch", "nothing to commit to", "commit first; check out a branch"
    GIT_DETACHED_HEAD = "git-detached-head"
    GIT_IDENTITY = ("git-identity", "git has no name and address for the commit, and this is not a job of CI",
        "`git config --global user.name …` and `user.email …`")
    GIT_OTHER_BRANCH = "git-other-branch", "another branch is checked out than `--branch` says", "`git switch`"
    GIT_REF_MOVED = "git-ref-moved", "somebody committed meanwhile", "publish again"
    GIT_INDEX_NOT_UPDATED = ("git-index-not-updated",
        "*warning:* committed, but `git status` shows the output as changed", "`git reset -- output`")
    PUSH_REJECTED = "push-rejected", "the remote has newer commits, or its rules refuse", "fetch, render, publish again"
    PUSH_FAILED = "push-failed", "the remote cannot be reached", "exit status 3"

    # Import, export, files of commands
    FILE_EXISTS = ("file-exists", "a file that a command would write is there",
        "another name, or `--force` where there is one")
    WRITE_FAILED = "write-failed", "the disk refuses", "exit status 3"
    IMPORT_FORMAT = "import-format", "not a profile that Palette exported", "export it again"
    IMPORT_VERSION = "import-version"
    IMPORT_RENAMED = "import-renamed", "*warning:* what is different here, and what you have to provide", "see the hint"
    IMPORT_TRAIN = "import-train"
    IMPORT_LAYER_LEFT_OUT = "import-layer-left-out"
    IMPORT_MASKED = "import-masked"
    IMPORT_REWRITTEN = "import-rewritten"
    IMPORT_PROVIDE = "import-provide"
    EXPORT_INCOMPLETE = "export-incomplete", "*warning:* what Palette cannot be told", "do it by hand"
    EXPORT_NOT_CARRIED = "export-not-carried"

    # lamella pack lint, pack test, pack images
    # These are told about a pack by itself; besides them the commands tell what rendering the pack tells.
    PACK_NAME = "pack-name", "a name or version that Palette's registry does not take", "see the hint"
    PACK_VERSION_PREFIX = "pack-version-prefix"
    PACK_VERSION_TAG = "pack-version-tag"
    PACK_VERSION_SEMVER = "pack-version-semver"
    PACK_DISPLAY_NAME = "pack-display-name", "pack.json lacks something, or says what means nothing", "see the hint"
    PACK_LAYER_UNKNOWN = "pack-layer-unknown"
    PACK_ADDON_TYPE = "pack-addon-type"
    PACK_CLOUDS = "pack-clouds"
    PACK_ANNOTATION = "pack-annotation"
    PACK_STATE = "pack-state"
    PACK_KEY_UNKNOWN = "pack-key-unknown"
    PACK_EMPTY = "pack-empty", "neither charts nor manifests", "add some"
    PACK_FILE_EMPTY = ("pack-file-empty", "*warning:* a file with nothing in it, or that nothing names",
        "remove it, or name it in pack.json")
    PACK_FILE_UNUSED = "pack-file-unused"
    PACK_README_MISSING = "pack-readme-missing", "*warning:* what Palette's registry asks for", "add the file"
    PACK_LOGO_MISSING = "pack-logo-missing"
    PACK_VALUES_MISSING = "pack-values-missing", "no values.yaml, or no `pack:` in it", "add it"
    PACK_BLOCK_MISSING = "pack-block-missing"
    PACK_NAMESPACE_MISSING = ("pack-namespace-missing",
        "*warning:* no namespace, or labels for one that the pack does not have", "`pack.namespace`")
    PACK_NAMESPACE_UNKNOWN = "pack-namespace-unknown"
    PACK_IMAGES_MISSING = ("pack-images-missing", "`pack.content.images` lacks images, tags, or its shape",
        "`lamella pack images` lists what is rendered")
    PACK_IMAGE = "pack-image"
    PACK_IMAGE_FLOATING = "pack-image-floating"
    PACK_IMAGE_UNLISTED = "pack-image-unlisted", "the list and what is rendered differ", "change the list"
    PACK_IMAGE_UNUSED = "pack-image-unused"
    PACK_CONTENT_CHART = ("pack-content-chart", "*warning:* a chart in `pack.content` that the pack does not name",
        "correct it")
    CHART_VALUES_MISSING = ("chart-values-missing", "*warning:* a chart without a block in values.yaml",
        "add `charts.NAME`")
    VALUES_INDENTATION = "values-indentation", "*warning:* not two blanks, as Palette's editor wants", "indent by two"
    PRESET_WITHOUT_EFFECT = "preset-without-effect", "*warning:* a preset that changes nothing", "correct its paths"
    SCHEMA_PATH = "schema-path", "*warning:* a rule for a path that values.yaml does not have", "correct the path"
    RESOURCES_REFERENCE = ("resources-reference",
        "*warning:* a resource constraint that refers to a value that is not there", "correct the path")
    DEPENDENCY_BOUNDS = "dependency-bounds", "a dependency that can never be met", "correct it"
    DEPENDENCY_LAYER = "dependency-layer"
    DEPENDENCY_SELF = "dependency-self"
    API_REMOVED = ("api-removed", "*warning:* an API that newer versions of Kubernetes do not serve",
        "a newer version of the chart")
    SECRET_LITERAL = ("secret-literal", "a credential in the pack, or what looks like one",
        "take it out, and change it: it is known now")
    PACK_TESTS_MISSING = "pack-tests-missing", "no tests, or one that is not whole", "the hint shows the shape"
    PACK_TEST_FILE = "pack-test-file"
    PACK_TEST_CLUSTER = "pack-test-cluster"

    # Without a place
    ENVIRONMENT = "environment", "the disk, the network, a program that is missing", "exit status 3"
    LIMIT_EXCEEDED = ("limit-exceeded", "more memory, time, levels or text than a run may take: [limits](limits.md)",
                      "an endless macro, a huge file, a mistake? else split what is large")
    INTERNAL = "internal", "a bug in Lamella", "exit status 4; please report what `--debug` prints"

    # fmt: on
